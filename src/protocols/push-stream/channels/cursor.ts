import type { Entry } from "../../../hub/publications/entry.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { RequestedChannel } from "./channels.js";
import type { TopicHistoryReader } from "../../../journal/topic-history-reader.js";
import type { Stamps } from "../messages/stamps.js";
import type { Control } from "./control.js";

export interface CursorSource {
  readonly history: TopicHistoryReader;
  readonly stamps: Stamps;
}

export interface StartRequest {
  readonly channels: readonly RequestedChannel[];
  readonly control: Control;
  readonly rights: Rights;
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
export function findStart({ history, stamps }: CursorSource, request: StartRequest): ChannelStart {
  const { channels, rights } = request;
  const lastEventId = resumeId({ history, stamps }, request);
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

/** An id that no publication has. A stream that resumes from this id begins with a gap. */
const unknownId = "#";

/** A position of another run of the hub. A stream that resumes from this id begins with a gap. */
const otherRunId = "#other-run:0";

/**
 * The event id to resume from; undefined if the request has no cursor. If both the event id and the stamp are known, the
 * earlier position counts. An unknown id without a stamp, a stamp of an earlier run or of a message that the hub does not
 * have, and a cursor that cannot be read lead to a gap.
 */
function resumeId(source: CursorSource, { channels, control, rights }: StartRequest): string | undefined {
  const { history, stamps } = source;
  const { stamp, eventId, isUnreadable } = control;
  if (isUnreadable) return unknownId;
  const since = stamp === undefined ? undefined : stamps.offsetAt(stamp);
  const sinceId = since === undefined ? undefined : idOf(since, history);
  if (eventId === undefined) return sinceId;
  const names = channels.map(({ channel }) => channel);
  const cursor = history.locateIn(names, eventId, rights);
  if (cursor.kind === "lost") return sinceId ?? eventId;
  return history.idAt(typeof since === "number" ? Math.min(cursor.offset, since) : cursor.offset);
}

function idOf(since: Offset | "other-run" | "ahead", history: TopicHistoryReader): string {
  if (since === "other-run") return otherRunId;
  return since === "ahead" ? unknownId : history.idAt(since);
}
