import type { Batch, StreamEnd } from "./transport.js";

/** What whoever reads a stream has heard: something of the stream, or of what is wanted of it. */
export type Heard = Batch | StreamEnd | { readonly kind: "change" | "close" | "silence" };

/** How late a timer may fire before it is taken for one of a page that was frozen, or a machine that slept, in milliseconds. */
const sleptMs = 2000;

/** How long such a page is given to read what has come meanwhile, in milliseconds. */
const graceMs = 1000;

/** Wakes the one who waits: for the next of a stream, or for the time of the next attempt. */
export class Bell {
  #isClosed = false;
  #isChanged = false;
  #ear: ((kind: "change" | "close" | "hurry") => void) | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A change is heard even by who begins to wait afterwards, until it is answered; `close` for ever; `hurry` only now. */
  ring(kind: "change" | "close" | "hurry"): void {
    this.#isClosed ||= kind === "close";
    this.#isChanged ||= kind === "change";
    if (this.#isClosed) clearTimeout(this.#later);
    this.#ear?.(kind);
  }

  /** Calls `then` in so many milliseconds, in place of an earlier call of this that has not been made. */
  later(ms: number, then: () => void): void {
    clearTimeout(this.#later);
    if (!this.#isClosed) this.#later = setTimeout(then, ms);
  }

  /** What is wanted is being done. */
  answer(): void {
    this.#isChanged = false;
  }

  /** Until the stream says something, a change or the end is rung, or nothing has come for `silenceMs`. */
  until(reading: Promise<Batch | StreamEnd>, silenceMs: number | undefined): Promise<Heard> {
    if (this.#isClosed) return Promise.resolve({ kind: "close" });
    if (this.#isChanged) return Promise.resolve({ kind: "change" });
    return new Promise((resolve) => {
      const heard = (what: Heard): void => {
        stop();
        if (this.#ear === ear) this.#ear = undefined;
        resolve(what);
      };
      const ear = (kind: "change" | "close" | "hurry"): void => {
        if (kind !== "hurry") heard({ kind });
      };
      const stop =
        silenceMs === undefined ? noTimer : whenSilent(silenceMs, () => heard({ kind: "silence" }));
      this.#ear = ear;
      void reading.then(heard);
    });
  }

  /** Until `kind` or the end is rung, or `delayMs` have passed. */
  pause(kind: "change" | "hurry", delayMs?: number): Promise<void> {
    if (this.#isClosed || (kind === "change" && this.#isChanged)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = delayMs === undefined ? undefined : setTimeout(() => this.#ear?.(kind), delayMs);
      this.#ear = (rung) => {
        if (rung !== kind && rung !== "close") return;
        clearTimeout(timer);
        this.#ear = undefined;
        resolve();
      };
    });
  }
}

function noTimer(): void {}

/** A timer that fires late was not running: what came meanwhile is read first. */
function whenSilent(silenceMs: number, then: () => void): () => void {
  const dueMs = Date.now() + silenceMs;
  let timer = setTimeout(() => {
    if (Date.now() < dueMs + sleptMs) then();
    else timer = setTimeout(then, graceMs);
  }, silenceMs);
  return () => clearTimeout(timer);
}
