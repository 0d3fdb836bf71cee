import { PharosError } from "../../base/errors.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { parseMqttFilter } from "../../hub/filters/filter.js";
import { defaultTopic } from "../../protocol.js";
import { refuseDotSegment } from "./dot-segments.js";
import type { NameValuePairs } from "../http/query.js";
import type { StreamSettings } from "./stream-start.js";

type FilterSettings = Pick<StreamSettings, "filtersPerConnection" | "filterBytes">;

/**
 * The filters that a query asks for: `topic`, repeated, each an MQTT filter; without one the topic `broadcast`.
 *
 * @throws PharosError `bad-filter` for a malformed one, or too many
 */
export function filtersOf(query: NameValuePairs, settings: FilterSettings): readonly TopicFilter[] {
  const texts = new Set(query.flatMap(([name, value]) => (name === "topic" ? [value] : [])));
  if (texts.size === 0) texts.add(defaultTopic);
  return parseFilters(texts, settings);
}

/**
 * Which of a stream's filters are new to a client that comes back with a cursor, as the query says: `added`, repeated.
 * What is not among the stream's filters means nothing.
 */
export function addedOf(query: NameValuePairs, filters: readonly TopicFilter[]): readonly TopicFilter[] {
  const added = new Set(query.flatMap(([name, value]) => (name === "added" ? [value] : [])));
  return added.size === 0 ? [] : filters.filter(({ text }) => added.has(text));
}

/**
 * The filters of one stream, each once.
 *
 * @throws PharosError `bad-filter` for a malformed one, or too many
 */
export function parseFilters(
  texts: ReadonlySet<string>,
  { filtersPerConnection, filterBytes }: FilterSettings,
): readonly TopicFilter[] {
  if (texts.size > filtersPerConnection)
    throw new PharosError("bad-filter", `a stream may have at most ${filtersPerConnection} topic filters`);
  return [...texts].map((text) => {
    refuseDotSegment(text);
    return parseMqttFilter(text, filterBytes);
  });
}
