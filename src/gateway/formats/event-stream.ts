import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { gapEventType } from "../../protocol.js";
import type { GapNotice } from "../../protocol.js";
import { encodeEvent, encodeHeartbeat, encodePosition, encodeRetry } from "../../sse/encode.js";

/** Writes publications as server-sent events, for clients that read positions. */
export const eventStreamFormat: Format = Object.freeze({
  name: "event-stream",
  event: (entry: Entry) => encodeEvent({ id: entry.id, ...eventFieldsOf(entry) }),
  retained: (entry: Entry) => encodeEvent(eventFieldsOf(entry)),
  position: encodePosition,
  heartbeat: encodeHeartbeat,
  retry: encodeRetry,
  gap: (notice: GapNotice, id: string) =>
    encodeEvent({ id, type: gapEventType, data: JSON.stringify(notice) }),
});

const nothing = Buffer.alloc(0);
const comment = Buffer.from(":\n");

/**
 * The same format for clients that do not read positions. Each empty line of the stream ends an event with data, since
 * some clients call their handler at every empty line.
 */
export function withoutPositions(format: Format): Format {
  return Object.freeze({
    ...format,
    name: `${format.name}-events`,
    position: () => nothing,
    heartbeat: () => comment,
  });
}

export const eventsOnlyFormat: Format = withoutPositions(eventStreamFormat);

/** The fields of an event without its id. */
export function eventFieldsOf(entry: Entry): { type?: string; retryMs?: number; data: string } {
  const { type, retryMs, data } = entry.publication;
  return { ...(type === undefined ? {} : { type }), ...(retryMs === undefined ? {} : { retryMs }), data };
}
