import { PharosError } from "../base/errors.js";

/** Writes an item of a part as a line of a snapshot. */
export function encodeSnapshotLine(part: string, item: unknown): string {
  return `${JSON.stringify([part, item])}\n`;
}

/** @throws PharosError `bad-snapshot` for a line that {@link encodeSnapshotLine} does not write */
export function parseSnapshotLine(line: string): readonly [part: string, item: unknown] {
  const parsed = parseJson(line);
  if (Array.isArray(parsed) && parsed.length === 2 && typeof parsed[0] === "string")
    return [parsed[0], parsed[1]];
  throw new PharosError("bad-snapshot", "a line of a snapshot is damaged");
}

/** Undefined for a text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
