import type { Entry } from "../../hub/publications/entry.js";
import type { GapNotice } from "../../protocol.js";

/** Writes each message of a stream as one JSON object without a newline, for WebSockets and polls. */
export interface JsonEncoder {
  readonly event: (entry: Entry) => string;
  readonly retained: (entry: Entry) => string;
  readonly gap: (notice: GapNotice, id: string) => string;
  readonly position: (id: string) => string;
  readonly open: (opening: JsonOpening) => string;
}

/** The first message of a stream. */
export interface JsonOpening {
  /** The filters as the hub read them. */
  readonly filters: readonly string[];
  /** The wait before reconnecting, in milliseconds. */
  readonly retryMs: number;
  /** A stream gets its position after this long without an event, in milliseconds. @default never */
  readonly heartbeatMs?: number;
}

export const jsonEncoder: JsonEncoder = Object.freeze({
  /** A publication. The client's cursor moves to its `id`. */
  event: (entry: Entry) => JSON.stringify(eventOf(entry)),
  /** A retained value. The client's cursor stays. */
  retained: (entry: Entry) => JSON.stringify({ ...eventOf(entry), retained: true }),
  /** Publications are missing before the next event. The cursor moves to `id`. */
  gap: (notice: GapNotice, id: string) => JSON.stringify({ kind: "gap", id, ...notice }),
  /** Moves the client's cursor. */
  position: (id: string) => JSON.stringify({ kind: "position", id }),
  /** The first message. */
  open: ({ filters, retryMs, heartbeatMs }: JsonOpening) =>
    JSON.stringify({ kind: "open", filters, retryMs, heartbeatMs }),
});

/** JSON leaves out fields that are undefined. */
function eventOf({ id, publication }: Entry): Readonly<Record<string, unknown>> {
  const { type, retryMs, data } = publication;
  return { kind: "event", id, topics: namedTopics(publication), type, retryMs, data };
}

/**
 * The topics that the event names. For a private publication with several topics the list is empty: a receiver may have
 * the right to only one of them.
 */
export function namedTopics({ private: isPrivate, topics }: Entry["publication"]): readonly string[] {
  return isPrivate && topics.length > 1 ? [] : topics;
}
