import type { Format } from "../../hub/publications/format.js";
import { jsonEncoder } from "../../gateway/formats/json.js";

/** Heartbeats and positions are empty: a poll response has one position for all events. */
const nothing = Buffer.alloc(0);

/** Writes the events of a poll response as JSON objects, each followed by a comma. */
export const pollFormat: Format = Object.freeze({
  name: "poll",
  event: (entry) => item(jsonEncoder.event(entry)),
  retained: (entry) => item(jsonEncoder.retained(entry)),
  position: () => nothing,
  heartbeat: () => nothing,
  gap: (notice, id) => item(jsonEncoder.gap(notice, id)),
} satisfies Format);

function item(json: string): Buffer {
  return Buffer.from(`${json},`);
}
