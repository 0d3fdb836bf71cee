import type { Page } from "../hub/history-page.js";
import type { PendingPage } from "./cohort-source.js";

/** Pages that readers have asked for elsewhere, until they are written. */
export class PendingPages<R> {
  /** Each with what withdraws it. */
  readonly #asking = new Map<R, () => void>();
  readonly #come = new Map<R, Page>();
  readonly #told: (reader: R) => void;

  /** @param told called for a reader whose page has come */
  constructor(told: (reader: R) => void) {
    this.#told = told;
  }

  /** True while a reader's page is asked for, or has come and is not taken. */
  has(reader: R): boolean {
    return this.#asking.has(reader) || this.#come.has(reader);
  }

  ask(reader: R, page: PendingPage): void {
    const withdraw = page((come) => {
      this.#asking.delete(reader);
      this.#come.set(reader, come);
      this.#told(reader);
    });
    this.#asking.set(reader, withdraw);
  }

  /** What has come for this reader, once. */
  take(reader: R): Page | undefined {
    const page = this.#come.get(reader);
    this.#come.delete(reader);
    return page;
  }

  /** The reader has gone, or stands elsewhere. */
  forget(reader: R): void {
    this.#asking.get(reader)?.();
    this.#asking.delete(reader);
    this.#come.delete(reader);
  }
}
