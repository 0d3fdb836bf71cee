import { readPage } from "./history-page.js";
import type { Page, PageLimits, PageSource, ReadState } from "./history-page.js";
import type { Cohort } from "./cohort.js";
import { PageStore } from "./page-store.js";

/**
 * Pages of history that readers at one position share: a crowd that resumes, or lags, from the same place costs one
 * reading and one encoding. Over its limit the oldest pages go.
 */
export class PageCache {
  readonly #source: PageSource;
  readonly #store: PageStore;

  constructor(source: PageSource, maxBytes: number) {
    this.#source = source;
    this.#store = new PageStore(maxBytes);
  }

  /** What the pages hold together. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** The next page for a reader in this state; the same Buffer for all who ask for the same. */
  page(cohort: Cohort, state: ReadState, limits: PageLimits): Page {
    const key = { cohort: cohort.key, state, limits };
    const kept = this.#store.find(key);
    if (kept !== undefined) return kept;
    const page = readPage(this.#source, cohort, { state, limits });
    this.#store.keep(key, page);
    return page;
  }
}
