import type { Clock, Timer } from "../../base/clock.js";
import { PageCache } from "../../hub/page-cache.js";
import type { Cohort, Joining, Outlet, Subscription } from "../../hub/cohort.js";
import type { Hub } from "../../hub/hub.js";
import type { Page, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Metrics } from "../../base/metrics.js";
import { formatCursor, startPolling } from "./poll-cursor.js";

export interface PollsOptions {
  readonly hub: Hub;
  readonly clock: Pick<Clock, "after" | "endOfTurn" | "monotonic">;
  readonly metrics: Metrics;
  /** An answer holds at most this, or one event. */
  readonly pageBytes: number;
  /** Answers that several share are kept up to this many bytes. */
  readonly pageCacheBytes: number;
}

export interface PollRequest {
  readonly subscription: Subscription;
  /** What the answer before gave as its position; without one, retained values and the present position. */
  readonly cursor: string | undefined;
  /** Filters that are new to a poller with a cursor: their retained values come first. @default none */
  readonly added?: Joining["added"];
  /** How long to wait for something, in milliseconds; 0 answers with what there is. */
  readonly waitMs: number;
  /** Ends the wait: aborted when the poller disconnects. @default never aborted */
  readonly signal?: AbortSignal;
}

/** What a poll is answered with. */
export interface PollAnswer {
  /** In the subscription's format; the same for all who were at one place, and empty where nothing came. */
  readonly page: Page;
  /** The cursor for the next poll. */
  readonly position: string;
  /** True when there is more already. */
  readonly more: boolean;
}

interface Waiter {
  readonly cohort: Cohort;
  readonly added: Joining["added"];
  /** By the clock's count, in milliseconds. */
  untilMs: number;
  readonly resolve: (answer: PollAnswer) => void;
  state: ReadState;
  /** Set while it waits for something to come. */
  timer: Timer | undefined;
}

/**
 * An outlet of the hub for clients that ask again and again. Whoever is behind gets the next page of the past at once;
 * whoever is not waits in its cohort until something comes, which all who wait there get as one page, encoded once.
 */
export class Polls implements Outlet {
  readonly name = "poll";
  readonly #options: PollsOptions;
  readonly #pages: PageCache;
  readonly #waiting = new Map<Cohort, Set<Waiter>>();
  #size = 0;
  #closed = false;

  constructor(options: PollsOptions) {
    this.#options = options;
    this.#pages = new PageCache(options.hub, options.pageCacheBytes);
  }

  /** Polls that are not answered yet. */
  get size(): number {
    return this.#size;
  }

  /** Answers, with something or with nothing, no later than when its time is over. */
  next({ subscription, cursor, added, waitMs, signal }: PollRequest): Promise<PollAnswer> {
    const { hub, clock } = this.#options;
    const cohort = hub.join(this, subscription);
    const state = startPolling(hub, cohort, { cursor, added });
    // Whoever comes without a cursor asks for the position.
    const untilMs = cursor === undefined ? 0 : clock.monotonic() + waitMs;
    this.#size += 1;
    return new Promise((resolve) => {
      const waiter: Waiter = { cohort, added, untilMs, resolve, state, timer: undefined };
      const abort = (): void => {
        waiter.untilMs = 0;
        this.#giveUp(waiter);
      };
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort, { once: true });
      this.#read(waiter);
    });
  }

  wake(cohort: Cohort): void {
    this.#options.clock.endOfTurn(() => this.#serve(cohort));
  }

  /** Answers all that wait with what there is, and from now on everybody else at once. Safe to call twice. */
  close(): void {
    this.#closed = true;
    for (const cohort of this.#waiting.keys()) this.#serve(cohort);
  }

  /** Something has come for all who wait in this cohort, or they are to wait no longer. */
  #serve(cohort: Cohort): void {
    const waiters = this.#waiting.get(cohort);
    if (waiters === undefined) return;
    this.#waiting.delete(cohort);
    // Whoever waits has everything up to here, so that all of them are at one place now.
    const { horizon } = cohort;
    cohort.listen(false);
    for (const waiter of waiters) {
      waiter.timer?.cancel();
      waiter.state = standing(waiter, horizon);
      this.#read(waiter);
    }
  }

  #read(waiter: Waiter): void {
    const { cohort, state } = waiter;
    const upTo = cohort.horizon;
    const page = this.#pages.page(cohort, state, { maxBytes: this.#options.pageBytes, upTo });
    waiter.state = page.next;
    if (page.count > 0 || page.gapReason !== undefined) this.#answer(waiter, page);
    else if (page.next.kind === "opening" || page.next.after < upTo) this.#readOn(waiter);
    else if (this.#leftMs(waiter) === 0) this.#answer(waiter, page);
    else this.#wait(waiter);
  }

  /** A look at the past takes milliseconds; the next one is for another turn. */
  #readOn(waiter: Waiter): void {
    this.#options.clock.endOfTurn(() => this.#read(waiter));
  }

  #leftMs({ untilMs }: Waiter): number {
    return this.#closed ? 0 : Math.max(0, untilMs - this.#options.clock.monotonic());
  }

  #wait(waiter: Waiter): void {
    const { cohort } = waiter;
    let waiters = this.#waiting.get(cohort);
    if (waiters === undefined) {
      waiters = new Set();
      this.#waiting.set(cohort, waiters);
      cohort.listen(true);
    }
    waiters.add(waiter);
    waiter.timer = this.#options.clock.after(this.#leftMs(waiter), () => this.#giveUp(waiter));
  }

  /** Its time is over while it waits, and nothing has come: it has everything up to the cohort's horizon. */
  #giveUp(waiter: Waiter): void {
    const { cohort } = waiter;
    const { horizon } = cohort;
    const waiters = this.#waiting.get(cohort);
    if (waiters?.delete(waiter) !== true) return;
    waiter.timer?.cancel();
    if (waiters.size === 0) {
      this.#waiting.delete(cohort);
      cohort.listen(false);
    }
    const next = standing(waiter, horizon);
    this.#answer(waiter, { body: Buffer.alloc(0), count: 0, next, gapReason: undefined, full: false });
  }

  #answer({ cohort, added, resolve }: Waiter, page: Page): void {
    const { hub, metrics } = this.#options;
    if (page.gapReason !== undefined) metrics.count("gaps_total", 1, { reason: page.gapReason });
    metrics.count("deliveries_total", page.count, { front: this.name });
    const more = page.next.kind === "opening" || page.next.after < cohort.horizon;
    const position = formatCursor(hub, cohort, { state: page.next, added });
    hub.leave(cohort);
    this.#size -= 1;
    resolve({ page, position, more });
  }
}

/** Where it stands who waits: it has all up to the horizon of its cohort, and was told of all that was lost by then. */
function standing({ state }: Waiter, horizon: Offset): ReadState {
  const after = state.kind === "history" ? Math.max(state.after, horizon) : horizon;
  return { kind: "history", after, told: 0 };
}
