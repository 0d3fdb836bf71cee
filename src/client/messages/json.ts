import type { GapNotice } from "../../protocol.js";

/**
 * Parses what a gap holds. What a later server adds is ignored, and its reasons are taken as they are; a notice that
 * cannot be read is still a gap, whose extent is not known.
 */
export function parseGapNotice(value: unknown): GapNotice {
  if (!isNotice(value)) return { reason: "unknown-id", topics: [], more: true };
  const { reason, topics, more } = value;
  return { reason, topics, more };
}

/** As {@link parseGapNotice}, from the data of a `pharos-gap` event. */
export function parseGapText(data: string): GapNotice {
  return parseGapNotice(tryParseJson(data));
}

/** The value of a JSON text; undefined for what is none. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The fields of an object; none of anything else. */
export function objectFields(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value);
}

function isNotice(value: unknown): value is GapNotice {
  const { reason, topics, more } = objectFields(value);
  return typeof reason === "string" && Array.isArray(topics) && typeof more === "boolean";
}
