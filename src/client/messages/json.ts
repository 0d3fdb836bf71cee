import type { GapNotice } from "../../protocol.js";

/**
 * Parses the fields of a gap; never throws. The function ignores fields that a later version of the server adds, and
 * keeps unknown reasons. If the fields are invalid, the result is a gap of unknown extent.
 */
export function parseGapNotice(value: unknown): GapNotice {
  const { reason, topics, more } = objectFields(value);
  const notice = { reason, topics, more };
  return isNotice(notice) ? notice : { reason: "unknown-id", topics: [], more: true };
}

/** Like {@link parseGapNotice}, but parses the data of a `pharos-gap` event. */
export function parseGapText(data: string): GapNotice {
  return parseGapNotice(tryParseJson(data));
}

/** Parses JSON; undefined if the text is not JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The fields of an object; no fields for any other value. */
export function objectFields(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value);
}

function isNotice(value: { readonly [Name in keyof GapNotice]: unknown }): value is GapNotice {
  const { reason, topics, more } = value;
  return typeof reason === "string" && Array.isArray(topics) && typeof more === "boolean";
}
