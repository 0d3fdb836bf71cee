import { sum } from "../../base/sum.js";
import type { CohortSource, FanoutCohort, JoinedCohort } from "../../delivery/cohort-source.js";
import type { JoinTicket } from "../../delivery/joining/admitted-stream.js";
import { PageStore } from "../../hub/page-store.js";
import type { PageKey } from "../../hub/page-store.js";
import type { Offset } from "../../hub/publications/position.js";
import { moveReading } from "../../hub/history-page.js";
import type { Page, PendingPage, ReadState } from "../../hub/history-page.js";
import type {
  CohortNumber,
  Place,
  Standing,
  StreamsToHub,
  StreamsToWorker,
  CohortEncoding,
} from "../ipc/messages.js";
import type { Peer } from "../ipc/peer.js";
import type { QuietBytes } from "./quiet-bytes.js";
import { compact, RecentBatchBudget } from "./recent-batches.js";
import { RemoteTicket } from "./remote-ticket.js";
import { RemoteCohort } from "./remote-cohort.js";
import type { WantedPage } from "./remote-cohort.js";

export interface RemoteCohortsOptions {
  readonly peer: Peer<StreamsToHub>;
  readonly quietBytes: QuietBytes;
  /** The memory limit for pages that several readers share, in bytes. */
  readonly pageCacheBytes: number;
}

/** The limit of unanswered requests for pages. With 256 KiB per page, at most 16 MiB are in transit. */
const asksAtATime = 64;

/**
 * The memory for recent batches, as a share of the memory for pages: 4 MiB, or 16 full rounds. This is enough for the
 * batches that arrive during a round trip to the hub.
 */
const recentShare = 1 / 4;

interface Ask {
  readonly key: PageKey;
  readonly cohort: CohortNumber;
  readonly takers: Set<(page: Page) => void>;
}

/**
 * The cohorts of this worker's connections, which exist in the hub too. All messages of the hub arrive in one order.
 * Publications after a cohort's position arrive as batches. Earlier publications are history, and the worker asks the
 * hub for each page of history.
 */
export class RemoteCohorts implements CohortSource {
  readonly #options: RemoteCohortsOptions;
  readonly #pages: PageStore;
  readonly #recentBudget: RecentBatchBudget;
  readonly #cohorts = new Map<CohortNumber, RemoteCohort>();
  /** All requests for pages that have no answer yet, by content. */
  readonly #asks = new Map<string, Ask>();
  /** The requests that are not sent yet. */
  readonly #waiting = new Set<Ask>();
  /** The sent requests that have no answer yet, by number. */
  readonly #underWay = new Map<number, Ask>();
  /**
   * States of readers whose last page was from the hub and ended before the horizon. Such a reader gets pages from the
   * hub until a page reaches the horizon. Recent batches may contain events that the hub has already reported as lost,
   * or sent as a retained value.
   */
  readonly #midway = new WeakSet<ReadState>();
  #lastAsk = 0;
  #standing: Standing = { upTo: 0, id: "" };
  #wake: (cohort: FanoutCohort) => void = () => undefined;

  constructor(options: RemoteCohortsOptions) {
    this.#options = options;
    this.#pages = new PageStore(options.pageCacheBytes);
    this.#recentBudget = new RecentBatchBudget(options.pageCacheBytes * recentShare);
  }

  /** The connections and reservations in all cohorts. */
  get connections(): number {
    return sum([...this.#cohorts.values()].map(({ connections }) => connections));
  }

  attach(wake: (cohort: FanoutCohort) => void): void {
    this.#wake = wake;
  }

  /**
   * The hub has admitted a stream. Call this method at once, since batches may follow. The reservation ends when the
   * stream leaves, or with {@link abandon}.
   */
  reserve({ cohort: number, encoding, standing }: Place): void {
    let cohort = this.#cohorts.get(number);
    if (cohort === undefined) {
      cohort = this.#create(number, encoding, standing);
      this.#cohorts.set(number, cohort);
    }
    cohort.connections += 1;
    this.#move(cohort, standing);
  }

  /** A cohort has reached this position. */
  reach({ cohort: number, upTo, id }: Standing & { readonly cohort: CohortNumber }): void {
    const cohort = this.#cohorts.get(number);
    if (cohort !== undefined) this.#move(cohort, { upTo, id });
  }

  /**
   * The hub has removed a cohort, and sends no more publications of the cohort. Connections that the worker has not
   * moved yet stay at the cohort's last position.
   */
  remove(number: CohortNumber): void {
    this.#cohorts.get(number)?.freeze();
  }

  /** Call this method when a client disconnects before its stream opens. */
  abandon({ cohort }: Place): void {
    this.#cohorts.get(cohort)?.leave();
  }

  join(ticket: JoinTicket): JoinedCohort {
    const place = RemoteTicket.read(ticket);
    return { cohort: this.#reserved(place), read: place.read };
  }

  move(ticket: JoinTicket, read: ReadState): JoinedCohort {
    const place = RemoteTicket.read(ticket);
    return { cohort: this.#reserved(place), read: moveReading(read, place.added) };
  }

  /** Stores a batch of a cohort. */
  take({ cohort, ...batch }: StreamsToWorker & { readonly kind: "batch" }, body: Buffer): void {
    const remote = this.#cohorts.get(cohort);
    // The last connection has left the cohort in the meantime.
    if (remote === undefined) return this.#tellTaken(cohort, 1);
    remote.add({ ...batch, body });
    this.#wake(remote);
  }

  /** Accepts a page that this worker requested. */
  takePage({ ask, ...rest }: StreamsToWorker & { readonly kind: "page" }, body: Buffer): void {
    const pending = this.#underWay.get(ask);
    this.#underWay.delete(ask);
    if (pending === undefined) return;
    const { count, next, gapReason, full } = rest;
    const page: Page = { body: compact(body), count, next, gapReason, full };
    if (next.kind === "opening" || next.after < pending.key.limits.upTo) this.#midway.add(next);
    this.#asks.delete(textOf(pending.key));
    this.#pages.keep(pending.key, page);
    for (const take of pending.takers) take(page);
    this.#askMore();
  }

  /** Publications were deleted, or have expired: drops what may contain them, apart from the batches for the next rounds. */
  forget(upTo: Offset): void {
    this.#pages.clear();
    for (const cohort of this.#cohorts.values()) cohort.forget(upTo);
  }

  /** All cohorts that the hub has have reached this position. */
  stand(standing: Standing): void {
    this.#standing = standing;
  }

  /** Every publication of this cohort up to this position has arrived. */
  #move(cohort: RemoteCohort, standing: Standing): void {
    const before = cohort.horizon;
    cohort.moveTo(standing);
    if (cohort.horizon > before) this.#wake(cohort);
  }

  #reserved({ cohort: number }: Place): RemoteCohort {
    const cohort = this.#cohorts.get(number);
    if (cohort === undefined) throw new Error(`cohort ${number} has no reservation`);
    return cohort;
  }

  #create(number: CohortNumber, encoding: CohortEncoding, standing: Standing): RemoteCohort {
    const { quietBytes, peer } = this.#options;
    return new RemoteCohort({
      standing,
      leastStanding: () => this.#standing,
      recentBudget: this.#recentBudget,
      taken: (batches, roundBytes) => this.#tellTaken(number, batches, roundBytes),
      recentPage: (wanted) => this.#recentPage(number, wanted),
      hubPage: (wanted) => this.#hubPage(number, wanted),
      heartbeat: (id, members) => quietBytes.heartbeat(encoding, id, members),
      retry: (ms) => quietBytes.retry(encoding, ms),
      coded: (message) => quietBytes.coded(encoding, message),
      hold: (on) => peer.send({ kind: "hold", cohort: number, on }),
      onEmpty: () => this.#cohorts.delete(number),
    });
  }

  #tellTaken(cohort: CohortNumber, batches: number, roundBytes?: number): void {
    this.#options.peer.send({ kind: "taken", cohort, batches, roundBytes });
  }

  #recentPage(number: CohortNumber, { state, limits, recent }: WantedPage): Page | undefined {
    if (this.#midway.has(state)) return undefined;
    // Pages of recent batches have separate keys. A page of the hub from the same state may lack events that history
    // has lost.
    const key: PageKey = { cohort: `recent ${number}`, state, limits };
    const kept = this.#pages.find(key);
    if (kept !== undefined) return kept;
    const page = recent.page(state, limits);
    if (page !== undefined && page.body.length > 0) this.#pages.keep(key, page);
    return page;
  }

  #hubPage(number: CohortNumber, { state, limits }: WantedPage): Page | PendingPage {
    const key: PageKey = { cohort: String(number), state, limits };
    const kept = this.#pages.find(key);
    if (kept !== undefined) return kept;
    return (take) => {
      const text = textOf(key);
      let ask = this.#asks.get(text);
      if (ask === undefined) {
        ask = { key, cohort: number, takers: new Set() };
        this.#asks.set(text, ask);
        this.#waiting.add(ask);
      }
      const { takers } = ask;
      takers.add(take);
      this.#askMore();
      return () => this.#withdraw(ask, take);
    };
  }

  /**
   * Withdraws a request that is not sent yet. The hub answers a sent request anyway, and the page is kept for other
   * readers.
   */
  #withdraw(ask: Ask, take: (page: Page) => void): void {
    ask.takers.delete(take);
    if (ask.takers.size === 0 && this.#waiting.delete(ask)) this.#asks.delete(textOf(ask.key));
  }

  #askMore(): void {
    while (this.#underWay.size < asksAtATime) {
      const [asking] = this.#waiting;
      if (asking === undefined) return;
      this.#waiting.delete(asking);
      const { key, cohort } = asking;
      this.#lastAsk += 1;
      this.#underWay.set(this.#lastAsk, asking);
      const { state, limits } = key;
      this.#options.peer.send({ kind: "ask", ask: this.#lastAsk, cohort, state, ...limits });
    }
  }
}

function textOf({ cohort, state, limits }: PageKey): string {
  return `${cohort} ${JSON.stringify(state)} ${limits.maxBytes} ${limits.upTo}`;
}
