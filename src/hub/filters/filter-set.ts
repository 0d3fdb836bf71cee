import type { TopicFilter } from "./filter.js";
import { FilterTrie } from "./filter-trie.js";
import type { Topic } from "../topics/topic.js";
import { TopicUrls } from "../topics/topic-url.js";

/** The filters of one stream or token, to be compared with many topics. */
export class FilterSet {
  readonly #trie: FilterTrie<true>;

  constructor(filters: readonly TopicFilter[]) {
    this.#trie = new FilterTrie({ urls: urlsOf(filters) });
    for (const filter of filters) this.#trie.add(filter, true);
  }

  /** The cost of all calls so far, in steps. Hostile patterns need a thousand times as many steps as usual patterns. */
  get steps(): number {
    return this.#trie.steps;
  }

  /** True if one of the filters matches. */
  matches(topic: Topic): boolean {
    let matched = false;
    this.#trie.match(topic, () => {
      matched = true;
    });
    return matched;
  }
}

const sets = new WeakMap<readonly TopicFilter[], FilterSet>();

/** Returns the set of these filters. The same list gives the same set; do not change the list. */
export function filterSetOf(filters: readonly TopicFilter[]): FilterSet {
  let set = sets.get(filters);
  if (set === undefined) {
    set = new FilterSet(filters);
    sets.set(filters, set);
  }
  return set;
}

/** The parser of topics for these filters. All URL patterns of a hub are relative to the same URL. */
function urlsOf(filters: readonly TopicFilter[]): TopicUrls {
  for (const filter of filters) if (filter.kind === "urlpattern") return filter.urls;
  return new TopicUrls("");
}
