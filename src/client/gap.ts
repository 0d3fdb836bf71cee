import type { GapNotice, GapReason } from "../protocol.js";

const reasons: ReadonlySet<unknown> = new Set<GapReason>([
  "unknown-id",
  "other-epoch",
  "evicted",
  "too-many-changes",
]);

/**
 * Parses the data of a `pharos-gap` event. What a later server adds is ignored; a notice that cannot be read
 * is still a gap, whose extent is not known.
 */
export function parseGapNotice(data: string): GapNotice {
  try {
    const value: unknown = JSON.parse(data);
    if (isNotice(value)) return value;
  } catch {
    // Falls through to the notice of unknown extent.
  }
  return { reason: "unknown-id", topics: [], more: true };
}

function isNotice(value: unknown): value is GapNotice {
  if (typeof value !== "object" || value === null) return false;
  if (!("reason" in value && "topics" in value && "more" in value)) return false;
  return reasons.has(value.reason) && Array.isArray(value.topics) && typeof value.more === "boolean";
}
