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

/** The data alone, so that `pharos subscribe` can feed what reads lines; the type goes before it when it is not `message`. */
export function plainLine({ type, data }: ReceivedEvent): string {
  return `${type === "message" ? "" : `${printable(type)}: `}${printable(data)}\n`;
}

/** For a person at a terminal: when it came, what it is, and what it holds. */
export function colourLine({ id, type, data }: ReceivedEvent, at: Date): string {
  const clock = pc.dim(at.toTimeString().slice(0, 8));
  return `${clock} ${pc.cyan(printable(type))} ${printable(data)}${id === "" ? "" : pc.dim(` ${printable(id)}`)}\n`;
}

/** A gap in words. */
export function gapSentence({ reason, topics, more }: GapNotice): string {
  const lost = topics.map(({ topic, missedAtMost }) => `at most ${missedAtMost} on ${printable(topic)}`);
  if (more) lost.push("some on topics not named");
  return `Gap: ${reasons[reason]}${lost.length === 0 ? "" : `; missed ${lost.join(", ")}`}.\n`;
}

const reasons: Readonly<Record<GapReason, string>> = Object.freeze({
  "unknown-id": "the last event seen is not in the hub's history",
  "other-epoch": "the hub has started anew since the last event seen",
  evicted: "the hub no longer holds all that followed the last event seen",
  "too-many-changes": "more subscriptions began and ended than can be told of one by one",
});
