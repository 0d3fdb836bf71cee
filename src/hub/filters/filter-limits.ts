import { declaredFilterLimits, declaredPatternLimits } from "../../limits/filters.js";
import { defaultsOf } from "../../limits/limit.js";

/** What a hub, or one client of it, may hold of the filters that cost each publication something. */
export interface FilterLimits {
  /**
   * URL patterns and templates that begin with nothing literal. Of these and of those that begin alike, all together may
   * have three times as many parts that vary.
   */
  readonly withoutPrefix: number;
  /** URL patterns, or templates, that begin alike: same host, same first segments of the path. */
  readonly alike: number;
  /** URL patterns with a regular expression: each may take 8 MB while it is used. */
  readonly expressions: number;
  /** Ways in which beginnings of MQTT filters mix `+` and names: a topic meets one node of each. */
  readonly mixtures: number;
  /** Levels of all filters with wildcards. */
  readonly levels: number;
  /** What the filters of all streams hold, as {@link heldBytes} counts it. */
  readonly bytes: number;
}

/**
 * With 42 places for each of two kinds a publication's topic is compared with at most 9,400 patterns with 28,200 parts
 * that vary, however many there are, and comes to at most 1,000 nodes.
 */
export const defaultFilterLimits: FilterLimits = Object.freeze({
  ...defaultsOf(declaredPatternLimits),
  mixtures: declaredFilterLimits.filterMixtures.default,
  levels: declaredFilterLimits.filterLevels.default,
  bytes: declaredFilterLimits.filterBytesInAll.default,
});

/** How many parts that vary a pattern has on average, at most. */
export const partsPerPattern = 3;

/** A part of each limit, at least one. */
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
