import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { parseQuery } from "../../gateway/http/query.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import type { Handler } from "../../gateway/http/resource.js";
import { parseChannels } from "./channels/channels.js";
import type { PushStreamOptions } from "./options.js";
import { channelInfo } from "./publish.js";
import type { ChannelsOf } from "./publish.js";
import { statisticsReply } from "./render.js";
import type { Statistics } from "./statistics.js";

/**
 * How channels stand, for whoever may publish to them: those that are named, `ALL`, those that begin alike (`news*`), or
 * without any a summary.
 */
export function statisticsOf(
  options: PushStreamOptions,
  statistics: Statistics,
): (channelsOf: ChannelsOf) => Handler {
  const limits = { channels: options.streams.filtersPerConnection, topicBytes: options.topicBytes };
  const get = async (request: GatewayRequest, query: NameValuePairs, asked: string): Promise<Reply> => {
    const publisher = await options.publishing.publisher(request, query);
    const start = startOf(asked);
    if (start === undefined) {
      const channels = parseChannels(asked, limits).map(({ channel }) => channel);
      return channelInfo({ options, statistics, request, publisher }, channels);
    }
    const infos = await statistics.beginningWith(start, publisher);
    const document = asked === "" ? statistics.summary(infos) : statistics.list(infos);
    return statisticsReply(document, { accept: request.header("accept"), clock: options.clock });
  };
  return (channelsOf) => (request) => {
    const query = parseQuery(request.query);
    return get(request, query, channelsOf(request, query));
  };
}

/** What all channels begin with that are asked for; undefined where they are named. */
function startOf(asked: string): string | undefined {
  if (asked === "" || asked === "ALL") return "";
  return /^[^*/]*\*$/.test(asked) ? asked.slice(0, -1) : undefined;
}
