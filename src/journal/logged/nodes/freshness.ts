import type { Clock, Timer } from "../../../base/clock.js";
import { Waiters } from "../../../base/waiters.js";
import type { Log, Sequence } from "../../log/log.js";

/** The time between two questions for the newest record of a shared log, in milliseconds. */
const askEveryMs = 500;

/** The pause between two questions of {@link Freshness.caughtUp} to an engine that does not respond, in milliseconds. */
const retryMs = 500;

/**
 * A hub that may be further behind the log than this accepts no publications, in milliseconds. It is the time of four
 * questions, so that a late answer alone refuses nothing.
 */
export const mostBehindMs = 2000;

export interface FreshnessOptions {
  readonly log: Pick<Log, "latest">;
  readonly clock: Clock;
  /** Resolves when the hub has applied this record. */
  readonly applied: (sequence: Sequence) => Promise<void>;
}

/**
 * Knows how far this hub may be behind a log that other hubs write, too. The hub asks for the newest record again and
 * again. Once it has applied this record, it had everything at the time of the question. So a hub that was stopped, or
 * that gets no answers, counts as behind before it learns of any newer record.
 */
export class Freshness {
  readonly #options: FreshnessOptions;
  /** The hub had everything at this time. */
  #knownAtMs = 0;
  #isAsking = false;
  #isClosed = false;
  #timer: Timer | undefined;
  readonly #waiters = new Waiters();

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** Begins to ask. Call this when the hub has applied everything. */
  start(): void {
    this.#knownAtMs = this.#options.clock.monotonic();
    this.#timer = this.#options.clock.every(askEveryMs, () => void this.#ask());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiters.look();
  }

  /** True if this hub may lack what others stored more than {@link mostBehindMs} ago. */
  get isBehind(): boolean {
    return this.#sinceMs > mostBehindMs;
  }

  /** Undefined unless this hub is behind; else a promise that resolves when it no longer is, or when it closes. */
  ready(): Promise<void> | undefined {
    return this.isBehind ? this.#waiters.until(() => !this.isBehind) : undefined;
  }

  /**
   * Resolves when the hub has applied everything that was stored before the call. While the engine does not respond, asks
   * again and again, for this time at most.
   */
  async caughtUp(withinMs: number): Promise<void> {
    const { log, clock, applied } = this.#options;
    const endsAtMs = clock.monotonic() + withinMs;
    while (!this.#isClosed && clock.monotonic() < endsAtMs) {
      try {
        return await applied(await log.latest());
      } catch {
        await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
      }
    }
  }

  /** The time for which this hub may lack what others have stored, beyond the time between two questions; usually 0. */
  get lagMs(): number {
    return Math.max(0, this.#sinceMs - askEveryMs);
  }

  get #sinceMs(): number {
    return this.#timer === undefined ? 0 : this.#options.clock.monotonic() - this.#knownAtMs;
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { log, clock, applied } = this.#options;
    const askedAtMs = clock.monotonic();
    try {
      await applied(await log.latest());
      this.#knownAtMs = askedAtMs;
      this.#waiters.look();
    } catch {
      // The engine does not respond. The next question is due soon.
    } finally {
      this.#isAsking = false;
    }
  }
}
