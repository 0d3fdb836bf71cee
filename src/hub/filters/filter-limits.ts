import { declaredFilterLimits, declaredPatternLimits } from "../../limits/filters.js";
import { defaultsOf } from "../../limits/limit.js";

/** Limits on the filters that slow down each publication, for the hub or for one client. */
export interface FilterLimits {
  /**
   * URL patterns and templates that do not begin with literal text. The sum of their varying parts is limited to
   * {@link partsPerPattern} times this limit. The same rule applies to the limit `alike`.
   */
  readonly withoutPrefix: number;
  /**
   * URL patterns, or templates, that begin alike. Patterns begin alike if they have the same host and the same first
   * segments of the path.
   */
  readonly alike: number;
  /** URL patterns with a regular expression. Each such pattern may use 8 MB while the expression runs. */
  readonly expressions: number;
  /**
   * Mixtures of `+` and names at the beginning of MQTT filters. In the trie, a topic matches at most one node of each
   * mixture.
   */
  readonly mixtures: number;
  /** Levels of all filters with wildcards together. */
  readonly levels: number;
  /** Memory for the filters of all streams, in bytes, as {@link heldBytes} counts the memory. */
  readonly bytes: number;
}

/**
 * For each of the two kinds, URL patterns and templates, the index searches at most 42 nodes for a topic. So the hub
 * compares a publication with at most 9,400 patterns, which have at most 28,200 varying parts. The hub visits at most
 * 1,000 nodes of the trie.
 */
export const defaultFilterLimits: FilterLimits = Object.freeze({
  ...defaultsOf(declaredPatternLimits),
  mixtures: declaredFilterLimits.filterMixtures.default,
  levels: declaredFilterLimits.filterLevels.default,
  bytes: declaredFilterLimits.filterBytesInAll.default,
});

/** The limit on the varying parts of patterns, as a multiple of the limit on the patterns. */
export const partsPerPattern = 3;

/** Returns the limits at this percentage of the given limits; each limit is at least one. */
export function shareOf(limits: FilterLimits, percent: number): FilterLimits {
  const share = (limit: number): number => Math.max(1, Math.floor((limit * percent) / 100));
  return {
    withoutPrefix: share(limits.withoutPrefix),
    alike: share(limits.alike),
    expressions: share(limits.expressions),
    mixtures: share(limits.mixtures),
    levels: share(limits.levels),
    bytes: share(limits.bytes),
  };
}
