import type { Metrics } from "../base/metrics.js";
import type { Entry } from "../hub/publications/entry.js";

/**
 * Counts a publication that has just been stored. Journals call this for new publications, but not for those that they
 * read again at a start.
 */
export function countPublication(metrics: Pick<Metrics, "count">, { id, publication }: Entry): void {
  metrics.count("publications_total");
  if (publication.id !== undefined && publication.id !== id) metrics.count("duplicate_ids_total");
}
