import pc from "picocolors";

import type { GapNotice, GapReason } from "../../protocol.js";
import { printable } from "./printable.js";

export interface ReceivedEvent {
  readonly id: string;
  /** Empty if the server does not name the topics. */
  readonly topics: readonly string[];
  readonly type: string;
  readonly data: string;
  /** True for the present value of a topic, published before the subscription began. */
  readonly retained?: true | undefined;
}

/** One line of JSON for programs: `{"id","topics","type","data"}`, and `"retained":true` for a retained value. */
export function jsonLine({ id, topics, type, data, retained }: ReceivedEvent): string {
  return `${JSON.stringify({ id, topics, type, data, retained })}\n`;
}

/** A line without colours, such as `news/sport (flash, retained): data`. */
export function plainLine(event: ReceivedEvent): string {
  const marks = marksOf(event).join(", ");
  return `${topicsOf(event)}${marks && ` (${marks})`}: ${printable(event.data)}\n`;
}

/** A line for a terminal: time, topics, marks, data and id. */
export function colourLine(event: ReceivedEvent, at: Date): string {
  const clock = pc.dim(at.toTimeString().slice(0, 8));
  const marks = marksOf(event).map((mark) => `${pc.magenta(mark)} `);
  const id = event.id === "" ? "" : pc.dim(` ${printable(event.id)}`);
  return `${clock} ${pc.cyan(topicsOf(event))} ${marks.join("")}${printable(event.data)}${id}\n`;
}

function topicsOf({ topics }: ReceivedEvent): string {
  return topics.length === 0 ? "topic not shown" : printable(topics.join(" "));
}

/** The type, unless it is `message`, and the word `retained`. */
function marksOf({ type, retained }: ReceivedEvent): readonly string[] {
  return [...(type === "message" ? [] : [printable(type)]), ...(retained ? ["retained"] : [])];
}

/** Describes a gap in a sentence. */
export function gapSentence(notice: GapNotice): string {
  return sentenceOf(notice, reasons);
}

/** Describes in a sentence what a page of a topic's history no longer has. */
export function storedGapSentence(notice: GapNotice): string {
  return sentenceOf(notice, storedReasons);
}

function sentenceOf({ reason, topics, more }: GapNotice, texts: Readonly<Record<GapReason, string>>): string {
  const lost = topics.map(
    ({ topic, missedAtMost }) =>
      `${missedAtMost === undefined ? "some" : `at most ${missedAtMost}`} on ${printable(topic)}`,
  );
  if (more) lost.push("some on other topics");
  return `Gap: ${texts[reason]}${lost.length === 0 ? "" : `; missed ${lost.join(", ")}`}.\n`;
}

const reasons: Readonly<Record<GapReason, string>> = Object.freeze({
  "unknown-id": "the last event seen is not in the hub's history",
  "other-epoch": "the hub has restarted since the last event seen",
  evicted: "some events after the last one seen are no longer stored",
  deleted: "publishers have deleted some events after the last one seen",
  "too-many-changes": "too many subscriptions began and ended to report each of them",
});

const storedReasons: Readonly<Record<GapReason, string>> = Object.freeze({
  ...reasons,
  "unknown-id": "the hub does not know this event id",
  "other-epoch": "the hub has restarted since this event",
  evicted: "some events are no longer stored",
  deleted: "publishers have deleted some events",
});
