import type { Grants } from "../../auth/grants/grants.js";
import { filterSetKey } from "../../hub/filters/filter.js";
import { mayMatchBelow } from "../../hub/filters/filter-overlap.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import type { Rights } from "../../hub/publications/rights.js";
import { publicOnly } from "../../hub/publications/rights.js";

/**
 * The publications that a token allows the client to read: all public publications, and private publications with at
 * least one granted topic.
 */
export function readRights(grants: Grants | undefined): Rights {
  const filters = grants?.subscribe ?? [];
  if (filters.length === 0) return publicOnly;
  return {
    key: filterSetKey(filters),
    readsPrivate: true,
    mayReadTopic: (topic) => filterSetOf(filters).matches(topic),
    mayReadBelow: (parent) => filters.some((filter) => mayMatchBelow(filter, parent)),
  };
}
