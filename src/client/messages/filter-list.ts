/**
 * A list of filters from one filter or a list.
 *
 * @throws TypeError for any other value
 */
export function filterList(value: string | readonly string[]): readonly string[] {
  if (typeof value === "string") return [value];
  if (wordFor(value) === "a list of texts") return value;
  throw new TypeError(`a filter must be a text, not ${shown(value)}`);
}

/** The kind of a value, in the words of error messages. */
export function wordFor(value: unknown): string {
  if (Array.isArray(value))
    return value.every((each) => typeof each === "string") ? "a list of texts" : "a list";
  if (typeof value === "string") return "a text";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A value in an error message, at most 60 characters. */
export function shown(value: unknown): string {
  return (tryJson(value) ?? wordFor(value)).slice(0, 60);
}

/** Undefined for a value that has no JSON, such as a function, a bigint, or an object that contains itself. */
function tryJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
