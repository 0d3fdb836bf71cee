import type { Page, PendingPage } from "../hub/history-page.js";

/**
 * Pages that a slower store, or another process, has to send. A page is pending from the request until the page is
 * written.
 */
export class PendingPages<R> {
  /** The readers with a requested page, each with the function that cancels the request. */
  readonly #requested = new Map<R, () => void>();
  readonly #arrived = new Map<R, Page>();
  readonly #onArrival: (reader: R) => void;

  /** @param onArrival called for a reader when its page has arrived */
  constructor(onArrival: (reader: R) => void) {
    this.#onArrival = onArrival;
  }

  /** True from the request for a reader's page until {@link take} has returned the page. */
  has(reader: R): boolean {
    return this.#requested.has(reader) || this.#arrived.has(reader);
  }

  request(reader: R, page: PendingPage): void {
    const cancel = page((arrived) => {
      this.#requested.delete(reader);
      this.#arrived.set(reader, arrived);
      this.#onArrival(reader);
    });
    this.#requested.set(reader, cancel);
  }

  /** Removes and returns the page that has arrived for this reader. */
  take(reader: R): Page | undefined {
    const page = this.#arrived.get(reader);
    this.#arrived.delete(reader);
    return page;
  }

  /** Cancels a reader's request and drops the page. Call this when the reader has left or needs another page. */
  forget(reader: R): void {
    this.#requested.get(reader)?.();
    this.#requested.delete(reader);
    this.#arrived.delete(reader);
  }
}
