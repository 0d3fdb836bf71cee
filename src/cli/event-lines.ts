import pc from "picocolors";

import { gapEventType, type GapReason } from "../protocol.js";

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

/** A gap event in words; `undefined` for every other event. */
export function gapSentence({ type, data }: ReceivedEvent): string | undefined {
  if (type !== gapEventType) return undefined;
  const { reason, topics, more } = parseGap(data);
  const lost = topics.map(({ topic, missedAtMost }) => `at most ${missedAtMost} on ${printable(topic)}`);
  if (more) lost.push("some on further topics");
  return `Gap: ${reasons.get(reason) ?? "publications are missing"}${lost.length === 0 ? "" : `; missed ${lost.join(", ")}`}.\n`;
}

const reasons: ReadonlyMap<string, string> = new Map<GapReason, string>([
  ["unknown-id", "the last event seen is not in the hub's history"],
  ["other-epoch", "the hub has started anew since the last event seen"],
  ["evicted", "the hub no longer holds all that followed the last event seen"],
]);

/** Escapes what would move the cursor or recolour a terminal; TAB and newline stay. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

interface Gap {
  readonly reason: string;
  readonly topics: readonly { readonly topic: string; readonly missedAtMost: number }[];
  readonly more: boolean;
}

/** Reads the notice as far as it is one: a hub of another version may say it differently. */
function parseGap(data: string): Gap {
  const notice = parseObject(data);
  const topics: readonly unknown[] = Array.isArray(notice.topics) ? notice.topics : [];
  return { reason: String(notice.reason), topics: topics.filter(isTopicLoss), more: notice.more === true };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isTopicLoss(value: unknown): value is Gap["topics"][number] {
  if (typeof value !== "object" || value === null) return false;
  return (
    "topic" in value &&
    typeof value.topic === "string" &&
    "missedAtMost" in value &&
    typeof value.missedAtMost === "number"
  );
}
