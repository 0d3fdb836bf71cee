import type { Format } from "../../hub/publications/format.js";
import { jsonEncoder } from "../../gateway/formats/json.js";

/** An answer has its position once, beside the events. */
const nothing = Buffer.alloc(0);

/** What a poll is answered with: JSON objects, each with a comma behind it. */
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
