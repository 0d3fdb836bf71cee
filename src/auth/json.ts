/** An object of JSON whose members are not known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** True for an object of JSON, as against a list or a single value. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
