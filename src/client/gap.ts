import type { GapNotice, GapReason } from "../protocol.js";

const reasons: ReadonlySet<unknown> = new Set<GapReason>([
  "unknown-id",
  "other-epoch",
  "evicted",
  "too-many-changes",
]);

/**
 * Parses what a gap holds. What a later server adds is ignored; a notice that cannot be read is still a gap, whose
 * extent is not known.
 */
export function parseGapNotice(value: unknown): GapNotice {
  if (!isNotice(value)) return { reason: "unknown-id", topics: [], more: true };
  const { reason, topics, more } = value;
  return { reason, topics, more };
}

/** As {@link parseGapNotice}, from the data of a `pharos-gap` event. */
export function parseGapText(data: string): GapNotice {
  try {
    return parseGapNotice(JSON.parse(data));
  } catch {
    return parseGapNotice(undefined);
  }
}

function isNotice(value: unknown): value is GapNotice {
  if (typeof value !== "object" || value === null) return false;
  if (!("reason" in value && "topics" in value && "more" in value)) return false;
  return reasons.has(value.reason) && Array.isArray(value.topics) && typeof value.more === "boolean";
}
