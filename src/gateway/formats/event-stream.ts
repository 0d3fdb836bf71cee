import type { Entry } from "../../hub/publications/entry.js";
import type { Format } from "../../hub/publications/format.js";
import { gapEventType } from "../../protocol.js";
import type { GapNotice } from "../../protocol.js";
import { encodeEvent, encodeHeartbeat, encodePosition } from "../../sse/encode.js";

/** Writes publications as server-sent events. */
export const eventStreamFormat: Format = Object.freeze({
  name: "event-stream",
  event: (entry: Entry) => encodeEvent({ id: entry.id, ...eventFieldsOf(entry) }),
  retained: (entry: Entry) => encodeEvent(eventFieldsOf(entry)),
  position: encodePosition,
  heartbeat: encodeHeartbeat,
  gap: (notice: GapNotice, id: string) =>
    encodeEvent({ id, type: gapEventType, data: JSON.stringify(notice) }),
});

/** The fields of an event without its id. */
export function eventFieldsOf(entry: Entry): { type?: string; retryMs?: number; data: string } {
  const { type, retryMs, data } = entry.publication;
  return { ...(type === undefined ? {} : { type }), ...(retryMs === undefined ? {} : { retryMs }), data };
}
