import type { Page, PageLimits, ReadState } from "./history-page.js";

interface Kept {
  readonly page: Page;
  readonly upTo: number;
}

/** What a page is found by. */
export interface PageKey {
  /** Unique among cohorts. */
  readonly cohort: string;
  readonly state: ReadState;
  readonly limits: PageLimits;
}

/** Most pages, since small ones cost more than their bytes. */
const mostPages = 4096;

/** Pages of history for whoever stands at the same place. Over its limit the oldest go. */
export class PageStore {
  readonly #maxBytes: number;
  readonly #pages = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What the pages hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: PageKey): Page | undefined {
    const kept = this.#pages.get(keyText(key));
    // A full page ends where it is full, wherever the cohort has got to since.
    return kept !== undefined && (kept.page.full || kept.upTo === key.limits.upTo) ? kept.page : undefined;
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
  if (state.kind === "history") return `h ${state.after} ${state.told}`;
  return `o ${state.after} ${state.upTo} ${state.from} ${JSON.stringify([state.gap, state.added])}`;
}
