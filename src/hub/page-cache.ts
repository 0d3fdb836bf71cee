import { readPage } from "./history-page.js";
import type { Page, PageLimits, PageSource, PendingPage, ReadState } from "./history-page.js";
import type { Cohort } from "./cohort.js";
import { PageStore } from "./page-store.js";
import type { PageKey } from "./page-store.js";

/**
 * Pages of history, shared by readers at the same position. Many clients that resume from the same place cost one read
 * and one encoding. Above its limit, the cache removes the oldest pages.
 */
export class PageCache {
  readonly #source: PageSource;
  readonly #store: PageStore;
  /** The number of deletions before all pages in the cache were read. */
  #deletions = 0;

  constructor(source: PageSource, maxBytes: number) {
    this.#source = source;
    this.#store = new PageStore(maxBytes);
  }

  /** The size of all pages in the cache, in bytes. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** The next page for a reader in this state. Readers with the same state and limits get the same Buffer. */
  page(cohort: Cohort, state: ReadState, limits: PageLimits): Page | PendingPage {
    this.#dropDeleted();
    const key = { cohort: cohort.key, state, limits };
    const kept = this.#store.find(key);
    if (kept !== undefined) return kept;
    const page = readPage(this.#source, cohort, { state, limits });
    if (typeof page === "function") return this.#keptLater(key, page);
    this.#store.keep(key, page);
    return page;
  }

  #keptLater(key: PageKey, pending: PendingPage): PendingPage {
    return (take) =>
      pending((page) => {
        this.#dropDeleted();
        this.#store.keep(key, page);
        take(page);
      });
  }

  /** After a deletion, each page may have deleted publications. */
  #dropDeleted(): void {
    const { deletions } = this.#source.history;
    if (deletions === this.#deletions) return;
    this.#deletions = deletions;
    this.#store.clear();
  }
}
