import { readPage } from "../hub/page.js";
import type { Page, PageLimits, PageSource, ReadState } from "../hub/page.js";
import type { Cohort } from "../hub/cohort.js";

interface Cached {
  readonly page: Page;
  readonly upTo: number;
}

/**
 * Pages of history that readers at one position share: a crowd that resumes, or lags, from the same place costs one
 * reading and one encoding. Over its limit the oldest pages go.
 */
export class PageCache {
  readonly #source: PageSource;
  readonly #maxBytes: number;
  readonly #pages = new Map<string, Cached>();
  #bytes = 0;

  constructor(source: PageSource, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** What the pages hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The next page for a reader in this state; the same Buffer for all who ask for the same. */
  page(cohort: Cohort, state: ReadState, limits: PageLimits): Page {
    const key = `${cohort.key} ${limits.maxBytes} ${stateKey(state)}`;
    const cached = this.#pages.get(key);
    // A full page ends where it is full, wherever the cohort has got to since.
    if (cached !== undefined && (cached.page.full || cached.upTo === limits.upTo)) return cached.page;
    const page = readPage(this.#source, cohort, { state, limits });
    this.#keep(key, { page, upTo: limits.upTo });
    return page;
  }

  #keep(key: string, cached: Cached): void {
    this.#bytes += cached.page.body.length - (this.#pages.get(key)?.page.body.length ?? 0);
    this.#pages.delete(key);
    this.#pages.set(key, cached);
    for (const [oldest, { page }] of this.#pages) {
      if (this.#bytes <= this.#maxBytes && this.#pages.size <= 4096) return;
      this.#pages.delete(oldest);
      this.#bytes -= page.body.length;
    }
  }
}

function stateKey(state: ReadState): string {
  if (state.kind === "history") return `h ${state.after} ${state.told}`;
  return `o ${state.after} ${state.upTo} ${state.from} ${JSON.stringify(state.gap)}`;
}
