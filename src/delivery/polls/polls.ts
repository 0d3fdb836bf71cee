import type { Clock, Timer } from "../../base/clock.js";
import { Waiters } from "../../base/waiters.js";
import { PageCache } from "../../hub/page-cache.js";
import type { Cohort, Joining, Outlet, Subscription } from "../../hub/cohort.js";
import type { Hub } from "../../hub/hub.js";
import type { Page, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Metrics } from "../../base/metrics.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import { EndEvenly } from "../ending/end-evenly.js";
import { formatCursor, startPolling } from "./poll-cursor.js";

export interface PollsOptions {
  readonly hub: Hub;
  readonly clock: Pick<Clock, "after" | "every" | "endOfTurn" | "monotonic">;
  readonly metrics: Metrics;
  /** The largest size of a response; one event may be larger. Read at each use. */
  readonly limits: Pick<FanoutLimits, "roundBytes">;
  /** The memory for responses that polls share, in bytes. */
  readonly pageCacheBytes: number;
}

export interface PollRequest {
  readonly subscription: Subscription;
  /** The position of the previous response. Undefined: the poller gets the retained values and the current position. */
  readonly cursor: string | undefined;
  /**
   * With a cursor: the filters that the poller did not have before. The poller first gets the retained values of these
   * filters. @default none
   */
  readonly added?: Joining["added"];
  /** The longest wait for an event, in milliseconds. With 0, the response is sent at once. */
  readonly waitMs: number;
  /** Ends the wait. The front aborts this signal when the poller disconnects. @default never aborted */
  readonly signal?: AbortSignal;
}

/** The response to a poll. */
export interface PollAnswer {
  /**
   * The events in the subscription's format; empty if there are no events. Polls with the same state share the page.
   */
  readonly page: Page;
  /** The cursor for the next poll. */
  readonly position: string;
  /** True if further events are already available. */
  readonly more: boolean;
}

/**
 * The longest wait for a page of a slower store, in milliseconds. A client waits a little longer for the response to a
 * poll. After this time, the response has no events, and the next poll asks for the same page again.
 */
const longestPageMs = 25_000;

interface WaitingPoll {
  readonly cohort: Cohort;
  readonly added: Joining["added"];
  /** The end of the poll's wait, in milliseconds of the monotonic clock. */
  untilMs: number;
  readonly resolve: (answer: PollAnswer) => void;
  state: ReadState;
  /** Set while the poll waits for an event or for a page. */
  timer: Timer | undefined;
  /** True if the poller has disconnected. */
  isGone: boolean;
  /** Set while the poll waits for a page: cancels the request for the page. */
  cancelPage: (() => void) | undefined;
}

/**
 * An outlet of the hub for long polls. If history already has events after a poll's cursor, the poll gets the next page
 * of history at once. Otherwise the poll waits in its cohort for an event. All polls that wait in a cohort get the same
 * page, which is encoded once.
 */
export class Polls implements Outlet {
  readonly name = "poll";
  readonly #options: PollsOptions;
  readonly #pages: PageCache;
  readonly #waiting = new Map<Cohort, Set<WaitingPoll>>();
  /** The polls that wait for a page of a slower store. */
  readonly #reading = new Set<WaitingPoll>();
  readonly #waiters = new Waiters();
  #evenly: EndEvenly<WaitingPoll> | undefined;
  #size = 0;
  #closed = false;

  constructor(options: PollsOptions) {
    this.#options = options;
    this.#pages = new PageCache(options.hub, options.pageCacheBytes);
  }

  /** The number of unanswered polls. */
  get size(): number {
    return this.#size;
  }

  /** Resolves with the response, no later than at the end of the poll's wait. */
  next({ subscription, cursor, added, waitMs, signal }: PollRequest): Promise<PollAnswer> {
    const { hub, clock } = this.#options;
    const cohort = hub.join(this, subscription);
    const state = startPolling(hub, cohort, { cursor, added });
    // A poll without a cursor requests the current position, so such a poll never waits.
    const untilMs = cursor === undefined ? 0 : clock.monotonic() + waitMs;
    this.#size += 1;
    return new Promise((resolve) => {
      const poll: WaitingPoll = {
        cohort,
        added,
        untilMs,
        resolve,
        state,
        timer: undefined,
        isGone: false,
        cancelPage: undefined,
      };
      const abort = (): void => {
        poll.untilMs = 0;
        poll.isGone = true;
        this.#endWait(poll);
      };
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort, { once: true });
      this.#read(poll);
    });
  }

  wake(cohort: Cohort): void {
    this.#options.clock.endOfTurn(() => this.#serve(cohort));
  }

  /**
   * Answers the waiting polls evenly over this time, in milliseconds. Later polls wait as before. Resolves at its end, or
   * when no poll waits.
   */
  endEvenly(overMs: number): Promise<void> {
    let isOver = false;
    this.#evenly = new EndEvenly({
      clock: this.#options.clock,
      count: this.#size,
      items: this.#allWaiting(),
      overMs,
      end: (poll) => this.#endWait(poll),
      ended: () => {
        isOver = true;
        this.#waiters.look();
      },
    });
    return this.#waiters.until(() => isOver || this.#size === 0);
  }

  /** Answers all waiting polls. Answers all later polls at once. A second call is allowed. */
  close(): void {
    this.#evenly?.cancel();
    this.#closed = true;
    for (const cohort of this.#waiting.keys()) this.#serve(cohort);
    for (const poll of this.#reading) this.#giveUpPage(poll);
  }

  *#allWaiting(): Generator<WaitingPoll, void> {
    for (const polls of this.#waiting.values()) yield* polls;
    yield* this.#reading;
  }

  /** Answers the polls that wait in this cohort. Called when an event has arrived, or when the hub stops. */
  #serve(cohort: Cohort): void {
    const polls = this.#waiting.get(cohort);
    if (polls === undefined) return;
    this.#waiting.delete(cohort);
    // Waiting polls have everything up to the horizon, so all waiting polls of the cohort now have the same state.
    const { horizon, acceptedAtMs } = cohort;
    cohort.listen(false);
    for (const poll of polls) {
      poll.timer?.cancel();
      poll.state = standing(poll, horizon);
      this.#read(poll);
    }
    if (acceptedAtMs !== undefined) this.#observeDelay(acceptedAtMs, polls.size);
  }

  /** The front writes the answers in this turn, so the kernel has them at the end of the turn. */
  #observeDelay(acceptedAtMs: number, times: number): void {
    const { clock, metrics } = this.#options;
    clock.endOfTurn(() => {
      const value = (clock.monotonic() - acceptedAtMs) / 1000;
      metrics.observe("delivery_delay_seconds", { value, times }, { front: this.name });
    });
  }

  #read(poll: WaitingPoll): void {
    const { cohort, state } = poll;
    const upTo = cohort.horizon;
    const page = this.#pages.page(cohort, state, { maxBytes: this.#options.limits.roundBytes, upTo });
    if (typeof page !== "function") return this.#take(poll, page);
    if (poll.isGone || this.#closed) return this.#answer(poll, emptyPage(state));
    poll.cancelPage = page((arrived) => {
      this.#forgetPage(poll);
      this.#take(poll, arrived);
    });
    poll.timer = this.#options.clock.after(longestPageMs, () => this.#giveUpPage(poll));
    this.#reading.add(poll);
  }

  #forgetPage(poll: WaitingPoll): void {
    poll.cancelPage = undefined;
    poll.timer?.cancel();
    this.#reading.delete(poll);
  }

  #take(poll: WaitingPoll, page: Page): void {
    poll.state = page.next;
    if (page.count > 0 || page.gapReason !== undefined) this.#answer(poll, page);
    // The horizon may have moved while a page came from a slower store.
    else if (page.next.kind === "opening" || page.next.after < poll.cohort.horizon) this.#readOn(poll);
    else if (this.#leftMs(poll) === 0) this.#answer(poll, page);
    else this.#wait(poll);
  }

  /** Continues a read of history in another turn, because one read takes milliseconds. */
  #readOn(poll: WaitingPoll): void {
    this.#options.clock.endOfTurn(() => this.#read(poll));
  }

  #leftMs({ untilMs }: WaitingPoll): number {
    return this.#closed ? 0 : Math.max(0, untilMs - this.#options.clock.monotonic());
  }

  #wait(poll: WaitingPoll): void {
    const { cohort } = poll;
    let polls = this.#waiting.get(cohort);
    if (polls === undefined) {
      polls = new Set();
      this.#waiting.set(cohort, polls);
      cohort.listen(true);
    }
    polls.add(poll);
    poll.timer = this.#options.clock.after(this.#leftMs(poll), () => this.#giveUp(poll));
  }

  /** Ends the wait for an event or a page. */
  #endWait(poll: WaitingPoll): void {
    if (poll.cancelPage === undefined) this.#giveUp(poll);
    else this.#giveUpPage(poll);
  }

  /** Answers a poll whose wait ended without an event. The poll has everything up to the cohort's horizon. */
  #giveUp(poll: WaitingPoll): void {
    const { cohort } = poll;
    const { horizon } = cohort;
    const polls = this.#waiting.get(cohort);
    if (polls?.delete(poll) !== true) return;
    poll.timer?.cancel();
    if (polls.size === 0) {
      this.#waiting.delete(cohort);
      cohort.listen(false);
    }
    const next = standing(poll, horizon);
    this.#answer(poll, emptyPage(next));
  }

  /** Ends a poll whose page has not arrived. */
  #giveUpPage(poll: WaitingPoll): void {
    poll.cancelPage?.();
    this.#forgetPage(poll);
    this.#answer(poll, emptyPage(poll.state));
  }

  #answer({ cohort, added, resolve }: WaitingPoll, page: Page): void {
    const { hub, metrics } = this.#options;
    if (page.gapReason !== undefined) metrics.count("gaps_total", 1, { reason: page.gapReason });
    metrics.count("deliveries_total", page.count, { front: this.name });
    const more = page.next.kind === "opening" || page.next.after < cohort.horizon;
    const position = formatCursor(hub, cohort, { state: page.next, added });
    hub.leave(cohort);
    this.#size -= 1;
    this.#waiters.look();
    resolve({ page, position, more });
  }
}

function emptyPage(next: ReadState): Page {
  return { body: Buffer.alloc(0), count: 0, next, gapReason: undefined, full: false };
}

/**
 * The state of a waiting poll. The poll has everything up to the horizon of its cohort, and knows of all losses up to
 * the horizon.
 */
function standing({ state }: WaitingPoll, horizon: Offset): ReadState {
  const after = state.kind === "history" ? Math.max(state.after, horizon) : horizon;
  return { kind: "history", after, lossMark: 0 };
}
