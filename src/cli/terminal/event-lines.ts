import pc from "picocolors";

import type { GapNotice, GapReason } from "../../protocol.js";
import { printable } from "./printable.js";

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** One line of JSON for programs: `{"id","type","data"}`. */
export function jsonLine({ id, type, data }: ReceivedEvent): string {
  return `${JSON.stringify({ id, type, data })}\n`;
}

/** The data, for programs that read lines. If the type is not `message`, the type precedes the data. */
export function plainLine({ type, data }: ReceivedEvent): string {
  return `${type === "message" ? "" : `${printable(type)}: `}${printable(data)}\n`;
}

/** A line for a terminal: time, type, data and id. */
export function colourLine({ id, type, data }: ReceivedEvent, at: Date): string {
  const clock = pc.dim(at.toTimeString().slice(0, 8));
  return `${clock} ${pc.cyan(printable(type))} ${printable(data)}${id === "" ? "" : pc.dim(` ${printable(id)}`)}\n`;
}

/** Describes a gap in a sentence. */
export function gapSentence({ reason, topics, more }: GapNotice): string {
  const lost = topics.map(({ topic, missedAtMost }) => `at most ${missedAtMost} on ${printable(topic)}`);
  if (more) lost.push("some on other topics");
  return `Gap: ${reasons[reason]}${lost.length === 0 ? "" : `; missed ${lost.join(", ")}`}.\n`;
}

const reasons: Readonly<Record<GapReason, string>> = Object.freeze({
  "unknown-id": "the last event seen is not in the hub's history",
  "other-epoch": "the hub has restarted since the last event seen",
  evicted: "some events after the last one seen are no longer stored",
  "too-many-changes": "too many subscriptions began and ended to report each of them",
});
