import type { Format } from "../../hub/publications/format.js";
import { jsonEncoder } from "../../gateway/formats/json.js";

/** An answer has one position for all events. */
const nothing = Buffer.alloc(0);

/** The events of an answer to a poll: JSON objects, each followed by a comma. */
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
