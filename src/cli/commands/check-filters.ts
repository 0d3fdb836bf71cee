import { parseMqttFilter } from "../../hub/filters/filter.js";

/**
 * Checks the form of filters as the hub does, so that the user learns of a mistake before the command connects. Only the
 * hub knows its limit on their length.
 *
 * @throws PharosError `bad-filter`
 */
export function checkFilters(filters: readonly string[]): void {
  for (const filter of filters) parseMqttFilter(filter, Infinity);
}
