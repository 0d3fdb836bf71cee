import { PharosError } from "../../base/errors.js";

/**
 * Refuses dot segments as filters. A subscription's URL has its filter in the path, and URL parsers remove dot segments
 * there, also `%2E` and `%2e%2E` [WHATWG URL 4.4]. Such a subscription could never be requested.
 *
 * @throws PharosError `bad-filter` for `.` and `..`
 */
export function refuseDotSegment(matcher: string): void {
  if (matcher !== "." && matcher !== "..") return;
  throw new PharosError("bad-filter", "a matcher must not be . or ..: URLs cannot have such a segment");
}
