import type { Entry } from "../../hub/publications/entry.js";
import type { GapNotice } from "../../protocol.js";

/** Encodes each message of a stream as one JSON object without a newline, for WebSockets and polls. */
export interface JsonEncoder {
  readonly event: (entry: Entry) => string;
  readonly retained: (entry: Entry) => string;
  readonly gap: (notice: GapNotice, id: string) => string;
  readonly position: (id: string) => string;
  readonly open: (opening: JsonOpening) => string;
}

/** The first message of a stream. */
export interface JsonOpening {
  /** The filters as the hub parsed them. */
  readonly filters: readonly string[];
  /** The time that the client waits before it reconnects, in milliseconds. */
  readonly retryMs: number;
  /** After this many milliseconds without an event, the hub sends the position on the stream. @default never */
  readonly heartbeatMs?: number;
}

export const jsonEncoder: JsonEncoder = Object.freeze({
  /** A publication. Its `id` becomes the client's cursor (the position to resume from). */
  event: (entry: Entry) => JSON.stringify(eventFields(entry)),
  /** A retained value. The client's cursor does not change. */
  retained: (entry: Entry) => JSON.stringify({ ...eventFields(entry), retained: true }),
  /** A notice that publications are missing before the next event. `id` becomes the client's cursor. */
  gap: (notice: GapNotice, id: string) => JSON.stringify({ kind: "gap", id, ...notice }),
  /** A new cursor for the client, without an event. */
  position: (id: string) => JSON.stringify({ kind: "position", id }),
  /** The first message. */
  open: ({ filters, retryMs, heartbeatMs }: JsonOpening) =>
    JSON.stringify({ kind: "open", filters, retryMs, heartbeatMs }),
});

/** The fields of a publication. `JSON.stringify` omits fields that are undefined. */
export function eventFields({ id, publication }: Entry): Readonly<Record<string, unknown>> {
  const { type, retryMs, data } = publication;
  return { kind: "event", id, topics: namedTopics(publication), type, retryMs, data };
}

/**
 * The topics that the event shows to clients. For a private publication with several topics the list is empty: a
 * client may have the right to only one of these topics.
 */
export function namedTopics({ private: isPrivate, topics }: Entry["publication"]): readonly string[] {
  return isPrivate && topics.length > 1 ? [] : topics;
}
