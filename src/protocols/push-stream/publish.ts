import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { mediaTypeOf } from "../../gateway/http/media-type.js";
import { emptyReply } from "../../gateway/http/replies.js";
import type { PublisherIdentity, Publisher } from "../../gateway/publishing/publisher.js";
import { parseQuery, valueOf } from "../../gateway/http/query.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import type { Handler, Resource } from "../../gateway/http/resource.js";
import type { PublicationInput } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import { decodeUtf8 } from "../../base/utf8.js";
import { parseChannels } from "./channels/channels.js";
import { ChannelError, explainHeader } from "./channels/channel-error.js";
import { channelLimits } from "./options.js";
import type { PushStreamOptions } from "./options.js";
import { statisticsReply } from "./render.js";
import type { Statistics } from "./statistics.js";

/** Finds the text that names the channels of a request. */
export type ChannelsOf = (request: GatewayRequest, query: NameValuePairs) => string;

/**
 * Publishing. `POST` and `PUT` publish the body to each channel and return the channels' statistics. `GET` returns
 * only the statistics. `DELETE` deletes the channels; their subscribers get the body as a last message. The rights are the same as in all protocols; the token may be in the query.
 */
export function publishMethods(
  options: PushStreamOptions,
  statistics: Statistics,
): (channelsOf: ChannelsOf) => Resource["methods"] {
  const { publishing } = options;
  const named = (request: GatewayRequest, query: NameValuePairs, channelsOf: ChannelsOf): readonly Topic[] =>
    parseChannels(channelsOf(request, query), channelLimits(options)).map(({ channel }) => channel);
  const post = async (request: GatewayRequest, channelsOf: ChannelsOf): Promise<Reply> => {
    const query = parseQuery(request.query);
    const publisher = await publishing.publisher(request, query);
    const channels = named(request, query, channelsOf);
    for (const channel of channels) publishing.checkTopics(publisher, [channel]);
    const data = messageOf(request, await request.body());
    const fields = { data, id: request.header("event-id"), type: request.header("event-type") };
    await publishMessage({ publishing, publisher }, channels, fields);
    return infoReply({ options, statistics, request, publisher }, channels);
  };
  const get = async (request: GatewayRequest, channelsOf: ChannelsOf): Promise<Reply> => {
    const query = parseQuery(request.query);
    const publisher = await publishing.publisher(request, query);
    return channelInfo({ options, statistics, request, publisher }, named(request, query, channelsOf));
  };
  const remove = async (request: GatewayRequest, channelsOf: ChannelsOf): Promise<Reply> => {
    const query = parseQuery(request.query);
    const publisher = await publishing.publisher(request, query);
    const channels = named(request, query, channelsOf);
    const body = await request.body();
    const text = body.length === 0 ? deletedText : messageOf(request, body);
    // The same rights and limits as for a message.
    for (const channel of channels) publishing.accept(publisher, { topics: [channel], data: text });
    return deleteChannels(options, channels, text);
  };
  return (channelsOf) => {
    const publish: Handler = (request) => post(request, channelsOf);
    return {
      GET: (request) => get(request, channelsOf),
      POST: publish,
      PUT: publish,
      DELETE: (request) => remove(request, channelsOf),
    };
  };
}

/** The text of the message about a deleted channel, unless the publisher gives one. */
const deletedText = "Channel deleted";

/** Deletes those of the channels that exist. The error is `unknown-channel` if none of them does. */
async function deleteChannels(
  { deletions }: PushStreamOptions,
  channels: readonly Topic[],
  text: string,
): Promise<Reply> {
  let deleted = 0;
  for (const channel of channels) if (await deletions.delete({ channel, text })) deleted += 1;
  if (deleted === 0) throw new ChannelError("unknown-channel");
  return { ...emptyReply(200, [[explainHeader, "Channel deleted."]]), contentLength: 0 };
}

/**
 * Publishes a message to all channels, or to no channel if the publisher may not publish to one of the channels.
 *
 * @throws PharosError as {@link Publisher.accept}
 */
export async function publishMessage(
  { publishing, publisher }: { readonly publishing: Publisher; readonly publisher: PublisherIdentity },
  channels: readonly Topic[],
  message: Pick<PublicationInput, "data" | "id" | "type">,
): Promise<void> {
  await publishing.publish(
    channels.map((channel) => publishing.accept(publisher, { topics: [channel], ...message })),
  );
}

/** A request for the statistics of channels, and the publisher that sent the request. */
export interface StatisticsRequest {
  readonly options: Pick<PushStreamOptions, "publishing" | "clock">;
  readonly statistics: Statistics;
  readonly request: GatewayRequest;
  readonly publisher: PublisherIdentity;
}

/**
 * The statistics of these channels, without channels that do not exist. The error is `unknown-channel` if none of the
 * channels exists.
 */
export function channelInfo(
  statisticsRequest: StatisticsRequest,
  channels: readonly Topic[],
): Promise<Reply> {
  const { options, publisher } = statisticsRequest;
  for (const channel of channels) options.publishing.checkTopics(publisher, [channel]);
  return infoReply(statisticsRequest, channels);
}

function infoReply(
  { statistics, request, publisher }: StatisticsRequest,
  channels: readonly Topic[],
): Promise<Reply> {
  const infos = channels.flatMap((channel) => statistics.infoOf(channel, publisher) ?? []);
  const [first] = infos;
  if (first === undefined) throw new ChannelError("unknown-channel");
  const document = infos.length === 1 ? first : statistics.list(infos);
  return statisticsReply(document, { accept: request.header("accept"), budget: statistics.budget });
}

function messageOf(request: GatewayRequest, body: Buffer): string {
  if (body.length === 0) throw new ChannelError("empty-message");
  const text = decodeUtf8(body, "the body");
  const type = mediaTypeOf(request.header("content-type"));
  return type === "" || type === "application/x-www-form-urlencoded" ? decodeMessage(text) : text;
}

/**
 * Decodes a message. The client library percent-encodes its messages, and expects encoded messages. The hub stores
 * the decoded text, for subscribers of other protocols, and encodes the text again for this protocol. A malformed
 * message stays unchanged.
 */
export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The channels in the query, as in `id=a/b`. */
export function channelsInQuery(_request: GatewayRequest, query: NameValuePairs): string {
  return valueOf(query, "id") ?? "";
}

/** The channels in the path below `path`. */
export function channelsBelow(path: string): ChannelsOf {
  return (request) => request.path.slice(path.length + 1);
}
