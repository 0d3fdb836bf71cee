import type { ReadPosition } from "../connection/feed.js";
import { objectFields, tryParseJson } from "../messages/json.js";

/** A storage for the position of a page. `sessionStorage` and `localStorage` have this interface. */
export interface BookmarkStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * Stores the position of a page across reloads. If the storage is full or forbidden, this class stores nothing and
 * throws no error.
 */
export class Bookmark {
  readonly #storage: BookmarkStorage;
  readonly #key: string;
  #position: ReadPosition | undefined;
  #isScheduled = false;

  constructor(storage: BookmarkStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  read(): ReadPosition | undefined {
    try {
      return parsePosition(tryParseJson(this.#storage.getItem(this.#key) ?? ""));
    } catch {
      return undefined;
    }
  }

  /**
   * Writes the position once per task of the event loop, before the next task begins. The page may be closed in the
   * next task.
   */
  save(position: ReadPosition): void {
    this.#position = position;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#write());
  }

  #write(): void {
    this.#isScheduled = false;
    try {
      if (this.#position !== undefined) this.#storage.setItem(this.#key, JSON.stringify(this.#position));
    } catch {
      // The storage is full or forbidden: the reloaded page starts without a position.
    }
  }
}

function parsePosition(value: unknown): ReadPosition | undefined {
  const { lastEventId, filters } = objectFields(value);
  if (typeof lastEventId !== "string" || !Array.isArray(filters)) return undefined;
  return { lastEventId, filters: filters.map(String) };
}
