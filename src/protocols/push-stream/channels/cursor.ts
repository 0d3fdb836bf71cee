import type { GatewayRequest } from "../../../gateway/http/messages.js";
import type { NameValuePairs } from "../../../gateway/http/query.js";
import { valueOf } from "../../../gateway/http/query.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { RequestedChannel } from "./channels.js";
import type { TopicHistoryReader } from "../../../journal/topic-history-reader.js";
import type { Stamp, Stamps } from "../messages/stamps.js";

export interface CursorSource {
  readonly history: TopicHistoryReader;
  readonly stamps: Stamps;
}

/** The stamp and the event id of the last message that a client received. An empty value counts as absent. */
export interface Control {
  /** Undefined if the stamp is missing or malformed. */
  readonly stamp: Stamp | undefined;
  readonly eventId: string | undefined;
}

/** Parses the cursor of a request. Parameters have precedence over the corresponding headers. */
export function parseControl(request: Pick<GatewayRequest, "header">, query: NameValuePairs): Control {
  const either = (name: string, header: string): string => {
    const value = valueOf(query, name) ?? "";
    return value === "" ? (request.header(header) ?? "") : value;
  };
  const time = Date.parse(either("time", "if-modified-since"));
  const eventId = either("eventid", "last-event-id");
  return {
    stamp: Number.isNaN(time)
      ? undefined
      : { time: Math.floor(time / 1000), tag: parseTag(either("tag", "if-none-match")) },
    eventId: eventId === "" ? undefined : eventId,
  };
}

/** Parses a tag. The result is -1 if the text is not a number: then only messages of later seconds follow. */
function parseTag(text: string): number {
  const digits = /^(?:W\/)?"?-?(\d{1,15})"?$/.exec(text.trim())?.[1];
  return digits === undefined ? -1 : Number(digits);
}

export interface ChannelStart {
  /** The messages that the subscriber gets first, channel by channel. */
  readonly before: readonly Entry[];
  /** After the first messages, the subscriber gets all messages after this event id. */
  readonly lastEventId: string;
}

/**
 * The most bytes of all messages that a request gets by `.bN`; the last message may exceed the limit. The limit is
 * large enough for the largest publication, or for a thousand publications of 1 KiB. The hub writes all messages in
 * one turn, encoded in up to nine times as many bytes. Without the limit, one request for 100 channels with a large
 * message each blocked the event loop for 0.8 s.
 */
const backtrackBytes = 1024 * 1024;

/**
 * Finds the first messages of a subscriber by the first rule that applies:
 * 1. If the request has a cursor: the messages after the client's last message.
 * 2. If channels have `.bN`: the last messages of these channels.
 * 3. Otherwise: the next message.
 *
 * The cursor has precedence over `.bN`. Otherwise a client that polls with the same path would get the same messages
 * again and again.
 */
export function findStart(
  { history, stamps }: CursorSource,
  request: {
    readonly channels: readonly RequestedChannel[];
    readonly control: Control;
    readonly rights: Rights;
  },
): ChannelStart {
  const { channels, control, rights } = request;
  const lastEventId = resumeId({ history, stamps }, control, rights);
  if (lastEventId !== undefined) return { before: [], lastEventId };
  const maxBytes = Math.floor(backtrackBytes / channels.length);
  let leftBytes = backtrackBytes;
  const before = channels.flatMap(({ channel, backtrack }) => {
    if (backtrack === 0 || leftBytes <= 0) return [];
    const entries = history.newest(channel, { count: backtrack, maxBytes, rights });
    for (const { bytes } of entries) leftBytes -= bytes;
    return entries;
  });
  return { before, lastEventId: history.idAt(history.head) };
}

/**
 * The event id to resume from. If both the event id and the stamp are known, the earlier position counts. An unknown
 * id without a stamp leads to a gap notice.
 */
function resumeId(
  { history, stamps }: CursorSource,
  { stamp, eventId }: Control,
  rights: Rights,
): string | undefined {
  const since = stamp === undefined ? undefined : stamps.offsetAt(stamp);
  if (eventId === undefined) return since === undefined ? undefined : history.idAt(since);
  const cursor = history.locate(eventId, rights);
  if (cursor.kind === "lost") return since === undefined ? eventId : history.idAt(since);
  return history.idAt(Math.min(cursor.offset, since ?? cursor.offset));
}
