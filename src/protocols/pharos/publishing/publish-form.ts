import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { parseFormBytes } from "../../../gateway/http/form.js";
import type { NameValuePairs } from "../../../gateway/http/query.js";
import { presentText, type PublicationInput } from "../../../hub/publications/publication.js";
import { jsonType } from "./publish-json.js";

const fieldNames = ["topic", "data", "id", "type", "retry", "ttl", "retain", "private"];

/** Values of a flag. `on` is what a browser sends for a check box, and what Mercure's publishers send. */
const flags: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["on", true],
  ["false", false],
  ["0", false],
]);

/**
 * Parses a form with one publication. The fields have the names that JSON has. Only `topic` may be repeated. An unknown
 * field is an error, as in JSON. The flags `retain` and `private` are true, 1, on, false or 0.
 *
 * @throws PharosError `bad-publication`; `bad-request` for invalid UTF-8 or more than 12,000 fields
 */
export function parsePublishForm(body: Buffer): PublicationInput {
  const pairs = parseFormBytes(body);
  const unknown = pairs.find(([name]) => !fieldNames.includes(name))?.[0];
  if (unknown !== undefined)
    throw new PharosError(
      "bad-publication",
      `the form's field ${quoteValue(unknown)} is unknown; allowed are ${fieldNames.join(", ")}; JSON needs the Content-Type ${jsonType}`,
    );
  const topics = pairs.flatMap(([name, value]) => (name === "topic" ? [value] : []));
  if (topics.length === 0)
    throw new PharosError("bad-publication", "topic is missing; the form needs at least one topic");
  const data = fieldOf(pairs, "data");
  if (data === undefined)
    throw new PharosError("bad-publication", "data is missing; for no data write data=");
  return {
    topics,
    data,
    id: fieldOf(pairs, "id"),
    type: fieldOf(pairs, "type"),
    retry: presentText(fieldOf(pairs, "retry")),
    ttl: presentText(fieldOf(pairs, "ttl")),
    retain: flagOf(pairs, "retain"),
    private: flagOf(pairs, "private"),
  };
}

function fieldOf(pairs: NameValuePairs, name: string): string | undefined {
  const [first, ...others] = pairs.filter(([key]) => key === name);
  if (others.length === 0) return first?.[1];
  throw new PharosError("bad-publication", `the form may have one ${name}, not ${others.length + 1}`);
}

function flagOf(pairs: NameValuePairs, name: string): boolean {
  const value = fieldOf(pairs, name);
  const flag = value === undefined ? false : flags.get(value.toLowerCase());
  if (flag !== undefined) return flag;
  throw new PharosError("bad-publication", `${name} must be true or false, not ${quoteValue(value)}`);
}
