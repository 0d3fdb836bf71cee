import type { GatewayRequest } from "../../../gateway/http/messages.js";
import type { NameValuePairs } from "../../../gateway/http/query.js";
import { valueOf } from "../../../gateway/http/query.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { AskedChannel } from "./channels.js";
import type { TopicPast } from "../../../journal/topic-past.js";
import type { Stamp, Stamps } from "../messages/stamps.js";

export interface CursorSource {
  readonly past: TopicPast;
  readonly stamps: Stamps;
}

/** What a client says it has, as it came: an empty value says nothing. */
export interface Control {
  /** Undefined where it has none, or one that cannot be read. */
  readonly stamp: Stamp | undefined;
  readonly eventId: string | undefined;
}

/** Parameters go before the headers that say the same. */
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

/** -1 for what is no number: then only later seconds count as later. */
function parseTag(text: string): number {
  const digits = /^(?:W\/)?"?-?(\d{1,15})"?$/.exec(text.trim())?.[1];
  return digits === undefined ? -1 : Number(digits);
}

export interface ChannelStart {
  /** Messages that come first, channel by channel. */
  readonly before: readonly Entry[];
  /** From where on everything follows. */
  readonly lastEventId: string;
}

/**
 * All that a request may have of the past by `.bN`, in bytes, or one message beyond it: the largest publication, or a
 * thousand of 1 KiB. Written out they are up to nine times as much, in one turn: one request for 100 channels with a large
 * message each kept the event loop for 0.8 s.
 */
const backtrackBytes = 1024 * 1024;

/**
 * Where a subscriber begins: behind what it says that it has, which goes before `.bN`, since a client that asks on with
 * the same path would else be sent the same again and again; else with the last messages of the channels that want some;
 * else with the next message.
 */
export function findStart(
  { past, stamps }: CursorSource,
  asked: {
    readonly channels: readonly AskedChannel[];
    readonly control: Control;
    readonly rights: Rights;
  },
): ChannelStart {
  const { channels, control, rights } = asked;
  const lastEventId = resumeId({ past, stamps }, control, rights);
  if (lastEventId !== undefined) return { before: [], lastEventId };
  const maxBytes = Math.floor(backtrackBytes / channels.length);
  let leftBytes = backtrackBytes;
  const before = channels.flatMap(({ channel, backtrack }) => {
    if (backtrack === 0 || leftBytes <= 0) return [];
    const entries = past.newest(channel, { count: backtrack, maxBytes, rights });
    for (const { bytes } of entries) leftBytes -= bytes;
    return entries;
  });
  return { before, lastEventId: past.idAt(past.head) };
}

/** Of an id and a moment that both are known, the earlier counts; an id that is not known alone leads to a gap. */
function resumeId(
  { past, stamps }: CursorSource,
  { stamp, eventId }: Control,
  rights: Rights,
): string | undefined {
  const since = stamp === undefined ? undefined : stamps.offsetAt(stamp);
  if (eventId === undefined) return since === undefined ? undefined : past.idAt(since);
  const cursor = past.locate(eventId, rights);
  if (cursor.kind === "lost") return since === undefined ? eventId : past.idAt(since);
  return past.idAt(Math.min(cursor.offset, since ?? cursor.offset));
}
