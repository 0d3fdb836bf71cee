import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { Waiters } from "../../base/waiters.js";
import type { JoinTicket } from "../../delivery/joining/join-ticket.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { Cohort, Outlet } from "../../hub/cohort.js";
import type { Hub } from "../../hub/hub.js";
import { namesOf, readPage, startReading } from "../../hub/history-page.js";
import type { Peer } from "../ipc/peer.js";
import type { CohortNumber, Place, Standing, ToHub, ToWorker } from "../ipc/messages.js";

export interface WorkerOutletOptions {
  /** Unique among the hub's outlets. */
  readonly name: string;
  readonly hub: Hub;
  readonly peer: Peer<ToWorker>;
  readonly clock: Clock;
  /** Bytes of one batch at most, or one event. */
  readonly roundBytes: number;
}

/** A cohort of this worker's connections. */
interface Numbered {
  readonly number: CohortNumber;
  readonly cohort: Cohort;
  /** Bytes of batches that the worker has not taken yet. */
  readonly untaken: number[];
  /** What a round may hold for all connections together, by what the worker has said of one. */
  crowdBytes: number | undefined;
}

type Asked = ToHub & { readonly kind: "ask" };

/** Batches of one cohort on their way at a time: one for the round that begins, one so that the next need not wait. */
const batchesAhead = 2;

/** Bytes on their way to one worker: 64 full rounds, for as many busy cohorts. */
const bytesAhead = 16 * 1024 * 1024;

/** What a batch holds before the worker has said what it wants. */
const firstRoundBytes = 16 * 1024;

/** What it holds at least where a crowd has come since: as the HTTP front's rounds to a crowd. */
const leastRoundBytes = 4096;

/** How long pages may be read in one turn of the event loop, in milliseconds. */
const pagesPerTurnMs = 10;

/**
 * One worker as the hub sees it: an outlet whose cohorts go by number. It takes a cohort's batch when the worker has
 * taken the one before the last, so that under load what is published meanwhile goes out together, as everywhere.
 */
export class WorkerOutlet implements Outlet {
  readonly name: string;
  readonly #options: WorkerOutletOptions;
  readonly #numbered = new Map<Cohort, Numbered>();
  readonly #byNumber = new Map<CohortNumber, Numbered>();
  /** Cohorts with something pending. */
  readonly #waiting = new Set<Numbered>();
  readonly #pageBudget: TurnBudget;
  readonly #waiters = new Waiters();
  #asked: Asked[] = [];
  #bytes = 0;
  #last: CohortNumber = 0;
  #turnDue = false;
  #closed = false;

  constructor(options: WorkerOutletOptions) {
    this.name = options.name;
    this.#options = options;
    this.#pageBudget = new TurnBudget(options.clock, pagesPerTurnMs);
  }

  wake(cohort: Cohort): void {
    const numbered = this.#numbered.get(cohort);
    if (numbered === undefined) return;
    this.#waiting.add(numbered);
    this.#takeTurn();
  }

  /** One more connection; undone by {@link leave}. */
  join(ticket: JoinTicket): Place {
    const joining = LocalTicket.read(ticket);
    const { hub } = this.#options;
    const { subscription, added = [] } = joining;
    const cohort = hub.join(this, subscription);
    const { number } = this.#numbered.get(cohort) ?? this.#number(cohort);
    const upTo = cohort.horizon;
    return {
      cohort: number,
      words: { format: subscription.format.name, coding: subscription.coding?.name },
      standing: { upTo, id: hub.history.idAt(upTo) },
      read: startReading(hub, cohort, joining),
      added: namesOf(added),
    };
  }

  /** One connection goes from one cohort to another; it has, or is being sent, everything up to where the first stands. */
  move(
    number: CohortNumber,
    ticket: JoinTicket,
  ): { readonly place: Place; readonly left: Standing & { readonly cohort: CohortNumber } } {
    const { history } = this.#options.hub;
    const upTo = this.#byNumber.get(number)?.cohort.horizon ?? 0;
    const place = this.join(ticket);
    this.leave(number);
    return { place, left: { cohort: number, upTo, id: history.idAt(upTo) } };
  }

  leave(number: CohortNumber): void {
    const numbered = this.#byNumber.get(number);
    if (numbered === undefined) return;
    const { hub } = this.#options;
    hub.leave(numbered.cohort);
    if (numbered.cohort.connections > 0) return;
    hub.hold(numbered, false);
    this.#settle(numbered, numbered.untaken.length);
    this.#waiting.delete(numbered);
    this.#numbered.delete(numbered.cohort);
    this.#byNumber.delete(number);
    this.#waiters.look();
    // What was on its way to them held others up.
    if (this.#waiting.size > 0) this.#takeTurn();
  }

  /** The worker has put batches into rounds. */
  taken({ cohort, batches, roundBytes }: ToHub & { readonly kind: "taken" }): void {
    const numbered = this.#byNumber.get(cohort);
    if (numbered === undefined) return;
    this.#settle(numbered, batches);
    if (roundBytes !== undefined) numbered.crowdBytes = roundBytes * numbered.cohort.connections;
    if (numbered.cohort.hasPending) this.#waiting.add(numbered);
    if (this.#waiting.size > 0) this.#takeTurn();
    else this.#waiters.look();
  }

  /** A reader's next page is wanted. */
  ask(asked: Asked): void {
    this.#asked.push(asked);
    this.#takeTurn();
  }

  /** Publishers are to wait for this cohort's clients, or no longer. */
  hold(number: CohortNumber, on: boolean): void {
    const numbered = this.#byNumber.get(number);
    if (numbered !== undefined) this.#options.hub.hold(numbered, on);
  }

  /** Tells the worker where all of its cohorts stand at least. */
  tellStanding(): void {
    const { hub, peer } = this.#options;
    let upTo = hub.history.head;
    for (const { cohort } of this.#waiting) upTo = Math.min(upTo, cohort.horizon);
    peer.send({ kind: "standing", upTo, id: hub.history.idAt(upTo) });
  }

  /** Resolves when nothing waits for this worker or is on its way to it, or the worker is gone. */
  whenIdle(): Promise<void> {
    return this.#waiters.until(() => this.#closed || (this.#waiting.size === 0 && this.#bytes === 0));
  }

  /** The worker is gone: nothing is sent to it any more. The caller lets each of its connections leave. */
  close(): void {
    this.#closed = true;
    this.#asked = [];
    this.#waiters.look();
  }

  #number(cohort: Cohort): Numbered {
    this.#last += 1;
    const numbered: Numbered = { number: this.#last, cohort, untaken: [], crowdBytes: undefined };
    this.#numbered.set(cohort, numbered);
    this.#byNumber.set(numbered.number, numbered);
    // Whoever joins counts on everything after the cohort's standing.
    cohort.listen(true);
    return numbered;
  }

  #takeTurn(): void {
    if (this.#turnDue || this.#closed) return;
    this.#turnDue = true;
    this.#options.clock.endOfTurn(() => this.#turn());
  }

  #turn(): void {
    this.#turnDue = false;
    if (this.#closed) return;
    // Those that wait on go behind the others, and would be met again.
    const waiting = [...this.#waiting];
    for (const numbered of waiting) {
      if (this.#bytes >= bytesAhead) break;
      this.#sendBatches(numbered);
    }
    this.#readPages();
    this.#waiters.look();
  }

  #sendBatches(numbered: Numbered): void {
    const { cohort, untaken, number } = numbered;
    const { hub, peer } = this.#options;
    const maxBytes = this.#batchBytes(numbered);
    while (untaken.length < batchesAhead) {
      const batch = cohort.take(maxBytes);
      if (batch === undefined) break;
      untaken.push(batch.body.length);
      this.#bytes += batch.body.length;
      const upTo = cohort.horizon;
      const id = hub.history.idAt(upTo);
      peer.send({ kind: "batch", cohort: number, count: batch.count, upTo, id }, batch.body);
    }
    this.#waiting.delete(numbered);
    if (cohort.hasPending) this.#waiting.add(numbered);
  }

  #batchBytes({ crowdBytes, cohort }: Numbered): number {
    const wanted =
      crowdBytes === undefined ? firstRoundBytes : Math.max(leastRoundBytes, crowdBytes / cohort.connections);
    return Math.min(this.#options.roundBytes, wanted);
  }

  #settle({ untaken }: Numbered, batches: number): void {
    for (const bytes of untaken.splice(0, batches)) this.#bytes -= bytes;
  }

  #readPages(): void {
    let read = 0;
    for (const asked of this.#asked) {
      if (this.#pageBudget.isUsedUp()) break;
      this.#readPage(asked);
      read += 1;
    }
    this.#asked.splice(0, read);
    if (this.#asked.length > 0) this.#takeTurn();
  }

  #readPage({ ask, cohort, state, maxBytes, upTo }: Asked): void {
    const { hub, peer } = this.#options;
    const numbered = this.#byNumber.get(cohort);
    if (numbered === undefined) {
      // Its last reader has gone meanwhile; the worker waits for the answer all the same, to ask for others.
      peer.send({ kind: "page", ask, count: 0, next: state, gapReason: undefined, full: false });
      return;
    }
    const { body, ...page } = readPage(hub, numbered.cohort, { state, limits: { maxBytes, upTo } });
    peer.send({ kind: "page", ask, ...page }, body);
  }
}
