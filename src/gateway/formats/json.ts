import type { Entry } from "../../hub/publications/entry.js";
import type { GapNotice } from "../../protocol.js";

/**
 * What a stream says, as one JSON object each: what clients get that read no event-stream text. Each ends without a
 * newline and holds none.
 */
export interface JsonEncoder {
  readonly event: (entry: Entry) => string;
  readonly retained: (entry: Entry) => string;
  readonly gap: (notice: GapNotice, id: string) => string;
  readonly position: (id: string) => string;
  readonly open: (opening: JsonOpening) => string;
}

/** What the first word of a stream tells. */
export interface JsonOpening {
  /** The filters as they were understood. */
  readonly filters: readonly string[];
  /** How long to wait before reconnecting, in milliseconds. */
  readonly retryMs: number;
  /** A quiet stream gets a position so often, in milliseconds. @default not told */
  readonly heartbeatMs?: number;
}

export const jsonEncoder: JsonEncoder = Object.freeze({
  /** A publication; the client's cursor moves to its `id`. */
  event: (entry: Entry) => JSON.stringify(eventOf(entry)),
  /** A value from before; the client's cursor stays. */
  retained: (entry: Entry) => JSON.stringify({ ...eventOf(entry), retained: true }),
  /** What is missing before the next event; the cursor moves to `id`. */
  gap: (notice: GapNotice, id: string) => JSON.stringify({ kind: "gap", id, ...notice }),
  /** Moves the client's cursor and says nothing else. */
  position: (id: string) => JSON.stringify({ kind: "position", id }),
  /** Says how the stream was understood. */
  open: ({ filters, retryMs, heartbeatMs }: JsonOpening) =>
    JSON.stringify({ kind: "open", filters, retryMs, heartbeatMs }),
});

/** What JSON leaves out is undefined here. */
function eventOf({ id, publication }: Entry): Readonly<Record<string, unknown>> {
  const { type, retryMs, data } = publication;
  return { kind: "event", id, topics: namedTopics(publication), type, retryMs, data };
}

/**
 * The topics that whoever gets the publication may know. Of a private one with several it may read by one of them; the
 * others could name those who may not be known to it.
 */
export function namedTopics({ private: isPrivate, topics }: Entry["publication"]): readonly string[] {
  return isPrivate && topics.length > 1 ? [] : topics;
}
