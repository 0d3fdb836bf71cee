import { PharosError } from "../../base/errors.js";

/** The name-value pairs of a query or a form, in order. Names may repeat. */
export type NameValuePairs = readonly (readonly [name: string, value: string])[];

/** The value of the first pair with this name. */
export function valueOf(pairs: NameValuePairs, name: string): string | undefined {
  return pairs.find(([key]) => key === name)?.[1];
}

/**
 * Parses a query into its pairs, in order. `+` stays a plus, since topic filters use it. Only `&` separates pairs. A
 * name without `=` has an empty value.
 *
 * @throws PharosError `bad-request` for a malformed percent escape or invalid UTF-8
 */
export function parseQuery(query: string): NameValuePairs {
  if (query === "") return [];
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [decode(pair), ""] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new PharosError("bad-request", "the query holds a malformed percent escape or invalid UTF-8", {
      cause: error,
    });
  }
}
