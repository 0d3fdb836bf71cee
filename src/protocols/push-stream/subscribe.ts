import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { StreamOpened } from "../../delivery/joining/open-stream.js";
import type { Grants } from "../../auth/grants/grants.js";
import type { Answer, GatewayRequest, Headers, StreamStart } from "../../gateway/http/messages.js";
import { parseQuery, valueOf } from "../../gateway/http/query.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import { withoutCookies } from "../../gateway/http/request-snapshot.js";
import { withProtocolToken } from "../../gateway/websocket/handshake.js";
import type { Handler } from "../../gateway/http/resource.js";
import { reportOf } from "../../gateway/streams/presence-subscriber.js";
import type { Format } from "../../hub/publications/format.js";
import { parseChannels } from "./channels/channels.js";
import { parseControl, sendsControl } from "./channels/control.js";
import { findStart } from "./channels/cursor.js";
import { pushStreamFormats } from "./messages/formats.js";
import { LongPoll } from "./long-poll.js";
import type { PushStreamOptions } from "./options.js";
import type { ChannelsOf } from "./publish.js";
import { streamForms } from "./stream-forms.js";
import type { StreamForm } from "./stream-forms.js";
import { isStreamMode } from "./channels/subscriber.js";
import type { Mode, ChannelSubscriber } from "./channels/subscriber.js";

/** Creates the handlers for subscribers. The parameter `channels` has precedence over the channels in the path. */
export function subscribing(options: PushStreamOptions): (mode: Mode, channelsOf: ChannelsOf) => Handler {
  const formats = pushStreamFormats(options.stamps, options.template);
  const forms = streamForms(options, formats);
  const longPoll = new LongPoll(options, formats);
  const handle = (
    modeOfPath: Mode,
    channelsOf: ChannelsOf,
    request: GatewayRequest,
  ): Answer | Promise<Answer> => {
    const query = parseQuery(request.query);
    const mode = modeOf(modeOfPath, request, query);
    const form = isStreamMode(mode) ? forms[mode] : undefined;
    const headers = form?.headersFor(request) ?? [];
    const identity = identifyingRequest(options, mode, request);
    const channels = parseChannels(valueOf(query, "channels") ?? channelsOf(request, query), {
      channels: options.streams.filtersPerConnection,
      topicBytes: Math.min(options.limits.topicBytes, options.streams.filterBytes),
    });
    const control = parseControl(request);
    const positions = form?.readsPositions(request, query) ?? sendsControl(query);
    const begin = (grants: Grants | undefined): Answer | Promise<Answer> => {
      const format = form?.formats[positions ? "positions" : "plain"] ?? formats.longPoll;
      const subscriber = subscriberOf(options, {
        request: identity,
        control,
        positions,
        query,
        grants,
        channels,
        format,
      });
      return isStreamMode(mode)
        ? openStream(options, subscriber, { ...forms[mode], headers })
        : longPoll.answer(subscriber, mode);
    };
    const grants = options.authenticator.subscriber(identity, query);
    return grants === undefined ? begin(undefined) : grants.then(begin);
  };
  return (mode, channelsOf) => (request) => handle(mode, channelsOf, request);
}

/**
 * The mode of a request. On all paths except the WebSocket path, a header can select polling or long polling. The answer
 * to a long poll is a script if the request has a `callback`.
 */
function modeOf(mode: Mode, request: GatewayRequest, query: NameValuePairs): Mode {
  if (mode === "websocket") return mode;
  const wanted = request.header("x-nginx-pushstream-mode")?.toLowerCase();
  if (wanted === "polling") return "polling";
  if (mode !== "jsonp" && mode !== "long-polling" && wanted !== "long-polling") return mode;
  return valueOf(query, "callback") === undefined ? "long-polling" : "jsonp";
}

/**
 * The request whose headers identify the subscriber. Any page can load a script with the cookies of its user, and read
 * the content. So the hub ignores the cookies of a poll if the answer is a script.
 */
function identifyingRequest(
  { origins }: PushStreamOptions,
  mode: Mode,
  request: GatewayRequest,
): GatewayRequest {
  if (mode === "websocket") return withProtocolToken(origins.admit(request));
  return mode === "jsonp" ? withoutCookies(request) : request;
}

function subscriberOf(
  options: PushStreamOptions,
  parts: Omit<ChannelSubscriber, "subscription" | "start"> & { readonly format: Format },
): ChannelSubscriber {
  const { format, ...known } = parts;
  const { channels, control, grants } = known;
  const rights = readRights(grants);
  const filters = channels.map(({ channel }) => ({ kind: "exact", text: channel, topic: channel }) as const);
  return {
    ...known,
    subscription: { format, filters, rights },
    start: findStart(options, { channels, control, rights }),
  };
}

function openStream(
  options: PushStreamOptions,
  subscriber: ChannelSubscriber,
  form: StreamForm & { readonly headers: Headers },
): StreamStart {
  const { headers, opening, dialogueFor } = form;
  const { subscription, grants, start } = subscriber;
  const matchers = subscription.filters.map(({ kind, text }) => ({ type: kind, text }));
  const before = start.before.map((entry) => subscription.format.event(entry));
  return {
    kind: "stream",
    headers,
    opening: Buffer.concat([opening, ...before]),
    ticket: new LocalTicket({ subscription, lastEventId: start.lastEventId }),
    expiresAtMs: grants?.expiresAtMs,
    grants: () => grants,
    dialogue: dialogueFor?.(subscriber),
    opened: endingWithItsChannels(options, subscriber, {
      form,
      reported: reportOf(options.streams.presence, matchers, grants).opened,
    }),
  };
}

/** The stream ends with a message when one of its channels is deleted. */
function endingWithItsChannels(
  { deletions, history }: PushStreamOptions,
  { channels }: ChannelSubscriber,
  { form, reported }: { readonly form: StreamForm; readonly reported: StreamStart["opened"] },
): StreamOpened {
  return (end) => {
    const leave = deletions.subscribers.add(
      channels.map(({ channel }) => channel),
      (deleted) => end("deleted", form.formats.deleted(deleted, history.idAt(history.head))),
    );
    const ended = reported?.(end);
    return (reason) => {
      leave();
      ended?.(reason);
    };
  };
}
