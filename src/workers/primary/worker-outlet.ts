import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { Waiters } from "../../base/waiters.js";
import type { JoinTicket } from "../../delivery/joining/admitted-stream.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { Cohort, Outlet } from "../../hub/cohort.js";
import type { Hub } from "../../hub/hub.js";
import { namesOf, readPage, startReading } from "../../hub/history-page.js";
import type { Page } from "../../hub/history-page.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { Peer } from "../ipc/peer.js";
import type { CohortNumber, Place, Standing, StreamsToHub, StreamsToWorker } from "../ipc/messages.js";

export interface WorkerOutletOptions {
  /** Unique among the hub's outlets. */
  readonly name: string;
  readonly hub: Hub;
  readonly peer: Peer<StreamsToWorker>;
  readonly clock: Clock;
  /** The largest batch, unless one event is larger. Read at each use. */
  readonly fanout: Pick<FanoutLimits, "roundBytes">;
}

/** A cohort of this worker's connections, and its number. */
interface Numbered {
  readonly number: CohortNumber;
  readonly cohort: Cohort;
  /** The sizes of the batches that the worker has not acknowledged yet. */
  readonly untaken: number[];
  /** The size limit of a round that the worker last reported, times the number of connections at that time. */
  allMembersBytes: number | undefined;
}

type PageRequest = StreamsToHub & { readonly kind: "ask" };

/**
 * The limit of unacknowledged batches of one cohort: one for the current round, and one so that the next round does not
 * wait.
 */
const batchesAhead = 2;

/** The limit of unacknowledged bytes for one worker: 64 full rounds, for 64 busy cohorts. */
const bytesAhead = 16 * 1024 * 1024;

/** The size of a batch before the worker has reported a limit. */
const firstRoundBytes = 16 * 1024;

/** The smallest batch for many connections. The HTTP front's smallest round has the same size. */
const leastRoundBytes = 4096;

/** The time for reading pages in one turn of the event loop, in milliseconds. */
const pagesPerTurnMs = 10;

/**
 * One worker, as an outlet of the hub with numbered cohorts. The outlet reads a cohort's next batch when the worker has
 * acknowledged the batch before the last one. Under load, publications accumulate in the meantime, so the batches
 * become larger, as on all fronts.
 */
export class WorkerOutlet implements Outlet {
  readonly name: string;
  readonly #options: WorkerOutletOptions;
  readonly #numbered = new Map<Cohort, Numbered>();
  readonly #byNumber = new Map<CohortNumber, Numbered>();
  /** Cohorts with publications that are not sent yet. */
  readonly #waiting = new Set<Numbered>();
  readonly #pageBudget: TurnBudget;
  readonly #waiters = new Waiters();
  #pageRequests: PageRequest[] = [];
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

  forget(upTo: number): void {
    if (!this.#closed) this.#options.peer.send({ kind: "forget", upTo });
  }

  /** Adds a connection; {@link leave} removes it. */
  join(ticket: JoinTicket): Place {
    const joining = LocalTicket.read(ticket);
    const { hub } = this.#options;
    const { subscription, added = [] } = joining;
    const cohort = hub.join(this, subscription);
    const { number } = this.#numbered.get(cohort) ?? this.#number(cohort);
    const upTo = cohort.horizon;
    return {
      cohort: number,
      encoding: { format: subscription.format.name, coding: subscription.coding?.name },
      standing: { upTo, id: hub.history.idAt(upTo) },
      read: startReading(hub, cohort, joining),
      added: namesOf(added),
    };
  }

  /** Moves a connection to another cohort. The worker already has everything up to the position of the old cohort. */
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
    this.#tellRemoved(number);
    this.#waiters.look();
    // Other cohorts waited because of the unacknowledged bytes of this cohort.
    if (this.#waiting.size > 0) this.#takeTurn();
  }

  /** The worker reports that batches are in rounds. */
  taken({ cohort, batches, roundBytes }: StreamsToHub & { readonly kind: "taken" }): void {
    const numbered = this.#byNumber.get(cohort);
    if (numbered === undefined) return;
    this.#settle(numbered, batches);
    if (roundBytes !== undefined) numbered.allMembersBytes = roundBytes * numbered.cohort.connections;
    if (numbered.cohort.hasPending) this.#waiting.add(numbered);
    if (this.#waiting.size > 0) this.#takeTurn();
    else this.#waiters.look();
  }

  /** The worker asks for a reader's next page. */
  ask(pageRequest: PageRequest): void {
    this.#pageRequests.push(pageRequest);
    this.#takeTurn();
  }

  /** Makes publishers wait for this cohort's clients, or releases them. */
  hold(number: CohortNumber, on: boolean): void {
    const numbered = this.#byNumber.get(number);
    if (numbered !== undefined) this.#options.hub.hold(numbered, on);
  }

  /** Sends the worker the lowest position of its cohorts. */
  tellStanding(): void {
    const { hub, peer } = this.#options;
    let upTo = hub.history.head;
    for (const { cohort } of this.#waiting) upTo = Math.min(upTo, cohort.horizon);
    peer.send({ kind: "standing", upTo, id: hub.history.idAt(upTo) });
  }

  /** Resolves when this worker has received all data, or has ended. */
  whenIdle(): Promise<void> {
    return this.#waiters.until(() => this.#closed || (this.#waiting.size === 0 && this.#bytes === 0));
  }

  /**
   * Call this method when the worker has ended. The outlet then sends no more data. The caller has to call `leave` for
   * each connection.
   */
  close(): void {
    this.#closed = true;
    this.#pageRequests = [];
    this.#waiters.look();
  }

  /** The worker may still have a connection in the cohort: the hub moves a connection before the worker does. */
  #tellRemoved(cohort: CohortNumber): void {
    if (!this.#closed) this.#options.peer.send({ kind: "removed", cohort });
  }

  #number(cohort: Cohort): Numbered {
    this.#last += 1;
    const numbered: Numbered = { number: this.#last, cohort, untaken: [], allMembersBytes: undefined };
    this.#numbered.set(cohort, numbered);
    this.#byNumber.set(numbered.number, numbered);
    // A new connection expects everything after the cohort's position.
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
    // The loop needs a copy: a cohort that must wait again is added at the end of the set, and the loop would visit
    // this cohort again.
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
      const batch = cohort.nextBatch(maxBytes);
      if (batch === undefined) break;
      untaken.push(batch.body.length);
      this.#bytes += batch.body.length;
      const upTo = cohort.horizon;
      const id = hub.history.idAt(upTo);
      const { body, ...about } = batch;
      peer.send({ kind: "batch", cohort: number, ...about, upTo, id }, body);
    }
    this.#waiting.delete(numbered);
    if (cohort.hasPending) this.#waiting.add(numbered);
  }

  #batchBytes({ allMembersBytes, cohort }: Numbered): number {
    const wanted =
      allMembersBytes === undefined
        ? firstRoundBytes
        : Math.max(leastRoundBytes, allMembersBytes / cohort.connections);
    return Math.min(this.#options.fanout.roundBytes, wanted);
  }

  #settle({ untaken }: Numbered, batches: number): void {
    for (const bytes of untaken.splice(0, batches)) this.#bytes -= bytes;
  }

  #readPages(): void {
    let read = 0;
    for (const pageRequest of this.#pageRequests) {
      if (this.#pageBudget.isUsedUp()) break;
      this.#readPage(pageRequest);
      read += 1;
    }
    this.#pageRequests.splice(0, read);
    if (this.#pageRequests.length > 0) this.#takeTurn();
  }

  #readPage({ ask, cohort, state, maxBytes, upTo }: PageRequest): void {
    const { hub, peer } = this.#options;
    const numbered = this.#byNumber.get(cohort);
    if (numbered === undefined) {
      // The last reader of the page has ended or moved. The worker still needs an answer before it asks for other pages.
      peer.send({ kind: "page", ask, count: 0, next: state, gapReason: undefined, full: false });
      return;
    }
    const page = readPage(hub, numbered.cohort, { state, limits: { maxBytes, upTo } });
    if (typeof page === "function") page((arrived) => this.#sendPage(ask, arrived));
    else this.#sendPage(ask, page);
  }

  #sendPage(ask: number, { body, ...page }: Page): void {
    if (!this.#closed) this.#options.peer.send({ kind: "page", ask, ...page }, body);
  }
}
