import type { ArrivalBatch, StreamEnd } from "../transports/transport.js";

/** What rings: filters or the token are to change; it is over; the page or the network is back. */
type Ring = "change" | "close" | "hurry";

/** What whoever listens has heard: a ring, something of the stream, or nothing for too long. */
export type Heard = ArrivalBatch | StreamEnd | { readonly kind: Ring | "silence" };

/** How late a timer may fire before it is taken for one of a page that was frozen, or a machine that slept, in milliseconds. */
const sleptMs = 2000;

/** How long such a page is given to read what has come meanwhile, in milliseconds. */
const graceMs = 1000;

/** Wakes the one who waits: for the next of a stream, or for the time of the next attempt. */
export class Wakeup {
  #isClosed = false;
  #isChanged = false;
  #ear: ((ring: Ring) => void) | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A change is heard even by who begins to wait afterwards, until it is answered; `close` for ever; `hurry` only now. */
  ring(ring: Ring): void {
    this.#isClosed ||= ring === "close";
    this.#isChanged ||= ring === "change";
    if (this.#isClosed) clearTimeout(this.#later);
    this.#ear?.(ring);
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

  /** Until `awaited` or the end is rung, something of the stream is heard, or nothing has been for `silenceMs`. */
  hear(
    awaited: Exclude<Ring, "close">,
    { reading, silenceMs }: { readonly reading?: Promise<Heard>; readonly silenceMs?: number | undefined },
  ): Promise<Heard> {
    return new Promise((resolve) => {
      const heard = (what: Heard): void => {
        stop();
        if (this.#ear === ear) this.#ear = undefined;
        resolve(what);
      };
      const ear = (kind: Ring): void => {
        if (kind === awaited || kind === "close") heard({ kind });
      };
      const stop = whenSilent(silenceMs, () => heard({ kind: "silence" }));
      this.#ear = ear;
      if (this.#isClosed) ear("close");
      else if (this.#isChanged) ear("change");
      void reading?.then(heard);
    });
  }
}

/** A timer that fires late was not running: what came meanwhile is read first. Returns what stops it. */
function whenSilent(silenceMs: number | undefined, then: () => void): () => void {
  if (silenceMs === undefined) return () => undefined;
  const dueMs = Date.now() + silenceMs;
  let timer = setTimeout(() => {
    if (Date.now() < dueMs + sleptMs) then();
    else timer = setTimeout(then, graceMs);
  }, silenceMs);
  return () => clearTimeout(timer);
}
