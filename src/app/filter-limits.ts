import type { Limits } from "../config/config.js";
import type { FilterLimits } from "../hub/filters/filter-limits.js";

/** The hub's limits for filters, from the settings. */
export function filterLimits({
  patterns,
  filterLevels,
  filterMixtures,
  filterBytesInAll,
}: Limits): FilterLimits {
  return { ...patterns, mixtures: filterMixtures, levels: filterLevels, bytes: filterBytesInAll };
}
