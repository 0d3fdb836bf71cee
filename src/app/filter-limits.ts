import type { Limits } from "../config/config.js";
import type { FilterLimits } from "../hub/filters/filter-limits.js";

/** What the hub may hold of filters, from the settings. */
export function filterLimits({
  patterns,
  filterLevels,
  filterMixtures,
  filterBytesInAll,
}: Limits): FilterLimits {
  return { ...patterns, mixtures: filterMixtures, levels: filterLevels, bytes: filterBytesInAll };
}
