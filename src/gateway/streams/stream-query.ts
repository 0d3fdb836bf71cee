import { PharosError } from "../../base/errors.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { parseMqttFilter } from "../../hub/filters/filter.js";
import { defaultTopic } from "../../protocol.js";
import type { NameValuePairs } from "../http/query.js";
import type { StreamSettings } from "./stream-start.js";

type FilterSettings = Pick<StreamSettings, "filtersPerConnection" | "filterBytes">;

/**
 * The filters of a query. Each `topic` is an MQTT filter; without any `topic` the filter is `broadcast`.
 *
 * @throws PharosError `bad-filter` for a malformed filter, or too many
 */
export function filtersOf(query: NameValuePairs, settings: FilterSettings): readonly TopicFilter[] {
  const texts = new Set(query.flatMap(([name, value]) => (name === "topic" ? [value] : [])));
  if (texts.size === 0) texts.add(defaultTopic);
  return parseFilters(texts, settings);
}

/**
 * The new filters of a resuming client, which the query names with `added`. The function ignores an `added` parameter
 * whose text is not one of `filters`.
 */
export function addedOf(query: NameValuePairs, filters: readonly TopicFilter[]): readonly TopicFilter[] {
  const added = new Set(query.flatMap(([name, value]) => (name === "added" ? [value] : [])));
  return added.size === 0 ? [] : filters.filter(({ text }) => added.has(text));
}

/**
 * Parses the filters of one stream.
 *
 * @throws PharosError `bad-filter` for a malformed filter, or too many
 */
export function parseFilters(
  texts: ReadonlySet<string>,
  { filtersPerConnection, filterBytes }: FilterSettings,
): readonly TopicFilter[] {
  if (texts.size > filtersPerConnection)
    throw new PharosError(
      "bad-filter",
      `a stream may have at most ${filtersPerConnection} topic filters, not ${texts.size}`,
    );
  return [...texts].map((text) => {
    refuseDotSegment(text);
    return parseMqttFilter(text, filterBytes);
  });
}

/**
 * Rejects dot segments as filters. A subscription's URL has its filter in the path, and URL parsers remove dot
 * segments there, even `%2E` and `%2e%2E` [WHATWG URL 4.4]. So no client could request such a subscription.
 *
 * @throws PharosError `bad-filter` for `.` and `..`
 */
export function refuseDotSegment(matcher: string): void {
  if (matcher !== "." && matcher !== "..") return;
  throw new PharosError("bad-filter", `a matcher must not be ${matcher}: URLs cannot have such a segment`);
}
