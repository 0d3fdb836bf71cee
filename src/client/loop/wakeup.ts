import { startTimer } from "../transports/timer.js";
import type { ArrivalBatch, StreamEnd } from "../transports/transport.js";

/**
 * `change`: the filters or the token change. `close`: the connection is closed. `retry`: the page is visible again, or
 * the network is available again.
 */
type Notice = "change" | "close" | "retry";

/** The result of a wait: a notice, a message of the stream, or a time-out. */
export type WaitResult = ArrivalBatch | StreamEnd | { readonly kind: Notice | "timeout" };

/**
 * If a timer fires later than planned by more than this time, in milliseconds, the page was frozen or the machine
 * slept.
 */
const frozenMs = 2000;

/** The time for a page to read the data that arrived while the page was frozen, in milliseconds. */
const graceMs = 1000;

/** Wakes the stream loop while it waits for the next message or for the next attempt. */
export class Wakeup {
  #isClosed = false;
  #isChanged = false;
  #onNotice: ((notice: Notice) => void) | undefined;
  #stopTimer: () => void = () => undefined;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Ends the current wait if it expects the notice. `change` also ends later waits until the change is cleared, and
   * `close` ends all waits.
   */
  notify(notice: Notice): void {
    this.#isClosed ||= notice === "close";
    this.#isChanged ||= notice === "change";
    if (this.#isClosed) this.#stopTimer();
    this.#onNotice?.(notice);
  }

  /** Calls `then` after `ms` milliseconds. Replaces an earlier scheduled call. */
  schedule(ms: number, then: () => void): void {
    this.#stopTimer();
    if (!this.#isClosed) this.#stopTimer = startTimer(ms, then);
  }

  /** Clears a pending `change`, because the loop applies the change now. */
  clear(): void {
    this.#isChanged = false;
  }

  /** Waits until the notice `expected` or `close` arrives, `reading` resolves, or `timeoutMs` is over. */
  wait(
    expected: Exclude<Notice, "close">,
    {
      reading,
      timeoutMs,
    }: { readonly reading?: Promise<WaitResult>; readonly timeoutMs?: number | undefined },
  ): Promise<WaitResult> {
    return new Promise((resolve) => {
      const finish = (result: WaitResult): void => {
        stopTimer();
        if (this.#onNotice === onNotice) this.#onNotice = undefined;
        resolve(result);
      };
      const onNotice = (kind: Notice): void => {
        if (kind === expected || kind === "close") finish({ kind });
      };
      const stopTimer = startLenientTimer(timeoutMs, () => finish({ kind: "timeout" }));
      this.#onNotice = onNotice;
      if (this.#isClosed) onNotice("close");
      else if (this.#isChanged) onNotice("change");
      void reading?.then(finish);
    });
  }
}

/**
 * After a freeze the timer waits `graceMs` more, so that the page first reads the messages that arrived during the
 * freeze. Returns a function that stops the timer.
 */
function startLenientTimer(timeoutMs: number | undefined, then: () => void): () => void {
  if (timeoutMs === undefined) return () => undefined;
  const latestMs = Date.now() + timeoutMs + frozenMs;
  let stopTimer = startTimer(timeoutMs, () => {
    if (Date.now() < latestMs) then();
    else stopTimer = startTimer(graceMs, then);
  });
  return () => stopTimer();
}
