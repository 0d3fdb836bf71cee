import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { valueOf, type NameValuePairs } from "../../../gateway/http/query.js";

/**
 * Reads the parameter `limit`: how many items the client wants at most.
 *
 * @throws PharosError `bad-request` if it is no whole number from 1 to `most`
 */
export function limitOf(
  query: NameValuePairs,
  { most, usual }: { readonly most: number; readonly usual: number },
): number {
  const text = valueOf(query, "limit");
  if (text === undefined) return usual;
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most) return Number(text);
  throw new PharosError(
    "bad-request",
    `limit must be a whole number from 1 to ${most}, not ${quoteValue(text)}`,
  );
}
