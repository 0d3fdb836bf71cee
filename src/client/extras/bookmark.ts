import type { Seen } from "../connection/feed.js";
import { objectFields, tryParseJson } from "../messages/json.js";

/** Where a page keeps what it has seen. A browser's `sessionStorage` and `localStorage` are such. */
export interface BookmarkStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Keeps the place over a reload of the page. A storage that is full, or forbidden, keeps nothing, and nothing else fails. */
export class Bookmark {
  readonly #storage: BookmarkStorage;
  readonly #key: string;
  #seen: Seen | undefined;
  #isDue = false;

  constructor(storage: BookmarkStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  read(): Seen | undefined {
    try {
      return parseSeen(tryParseJson(this.#storage.getItem(this.#key) ?? ""));
    } catch {
      return undefined;
    }
  }

  /** Written before the next task, since the page may go then; once for all that listeners got in one go. */
  keep(seen: Seen): void {
    this.#seen = seen;
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#write());
  }

  #write(): void {
    this.#isDue = false;
    try {
      if (this.#seen !== undefined) this.#storage.setItem(this.#key, JSON.stringify(this.#seen));
    } catch {
      // Full, or forbidden: the page begins anew when it is loaded again.
    }
  }
}

function parseSeen(value: unknown): Seen | undefined {
  const { lastEventId, filters } = objectFields(value);
  if (typeof lastEventId !== "string" || !Array.isArray(filters)) return undefined;
  return { lastEventId, filters: filters.map(String) };
}
