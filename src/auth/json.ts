/** A JSON object with unknown members. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** True for a JSON object; false for a list or a single value. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
