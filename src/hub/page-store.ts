import type { Page, PageLimits, ReadState } from "./history-page.js";

interface Kept {
  readonly page: Page;
  readonly upTo: number;
}

/** The key of a page. */
export interface PageKey {
  /** Unique among cohorts. */
  readonly cohort: string;
  readonly state: ReadState;
  readonly limits: PageLimits;
}

/** The largest number of pages: a small page needs more memory than its bytes. */
const mostPages = 4096;

/** Keeps pages of history for readers in the same state. Above its limit, the store removes the oldest pages. */
export class PageStore {
  readonly #maxBytes: number;
  readonly #pages = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The size of all stored pages, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: PageKey): Page | undefined {
    const kept = this.#pages.get(keyText(key));
    // A full page is the same for every horizon. A page that ended at the horizon is valid for that horizon only.
    return kept !== undefined && (kept.page.full || kept.upTo === key.limits.upTo) ? kept.page : undefined;
  }

  clear(): void {
    this.#pages.clear();
    this.#bytes = 0;
  }

  keep(key: PageKey, page: Page): void {
    const text = keyText(key);
    this.#bytes += page.body.length - (this.#pages.get(text)?.page.body.length ?? 0);
    this.#pages.delete(text);
    this.#pages.set(text, { page, upTo: key.limits.upTo });
    for (const [oldest, kept] of this.#pages) {
      if (this.#bytes <= this.#maxBytes && this.#pages.size <= mostPages) return;
      this.#pages.delete(oldest);
      this.#bytes -= kept.page.body.length;
    }
  }
}

function keyText({ cohort, state, limits }: PageKey): string {
  return `${cohort} ${limits.maxBytes} ${stateText(state)}`;
}

function stateText(state: ReadState): string {
  if (state.kind === "history") return `h ${state.after} ${state.lossMark}`;
  return `o ${state.after} ${state.upTo} ${state.from} ${JSON.stringify([state.gap, state.added])}`;
}
