import type { Entry } from "../../hub/publications/entry.js";
import type { EntryQueue } from "../../hub/publications/entry-queue.js";
import { mayRead } from "../../hub/publications/rights.js";
import type { TopicPage, TopicPageRange } from "../topic-history-reader.js";

/**
 * Selects entries of a topic's history that the reader may read: the oldest ones after `after`, else the newest ones,
 * with the meaning of {@link TopicPageRange}. The time depends on the number of entries in the range.
 */
export function selectEntries(
  queue: EntryQueue | undefined,
  { after, before = Infinity, count, maxBytes, rights }: TopicPageRange,
): Pick<TopicPage, "entries" | "more"> {
  if (queue === undefined) return { entries: [], more: false };
  const from = after === undefined ? 0 : queue.indexAfter(after);
  const end = before === Infinity ? queue.length : queue.indexAfter(before - 1);
  const entries: Entry[] = [];
  let bytes = 0;
  let more = false;
  for (let step = 0; step < end - from; step += 1) {
    const entry = queue.at(after === undefined ? end - 1 - step : from + step);
    if (entry === undefined || !mayRead(rights, entry.publication)) continue;
    bytes += entry.bytes;
    more = entries.length === count || (entries.length > 0 && bytes > maxBytes);
    if (more) break;
    entries.push(entry);
  }
  return { entries: after === undefined ? entries.toReversed() : entries, more };
}
