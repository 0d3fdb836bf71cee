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
  /** The number of removals before all pages in the cache were read. */
  #removals = 0;

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
    this.#dropRemoved();
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
        this.#dropRemoved();
        this.#store.keep(key, page);
        take(page);
      });
  }

  /** After a removal, each page may have publications that no new reader may get. */
  #dropRemoved(): void {
    const { history, retained } = this.#source;
    const removals = history.removals + retained.expirations;
    if (removals === this.#removals) return;
    this.#removals = removals;
    this.#store.clear();
  }
}
