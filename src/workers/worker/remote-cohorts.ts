import type { CohortSource, PendingPage, FanoutCohort, JoinedCohort } from "../../delivery/cohort-source.js";
import type { JoinTicket } from "../../delivery/joining/join-ticket.js";
import { PageStore } from "../../hub/page-store.js";
import type { PageKey } from "../../hub/page-store.js";
import { moveReading } from "../../hub/history-page.js";
import type { Page, ReadState } from "../../hub/history-page.js";
import type { CohortNumber, Place, Standing, ToHub, ToWorker, CohortEncoding } from "../ipc/messages.js";
import type { Peer } from "../ipc/peer.js";
import { compact } from "./compact.js";
import { RecentBatchBudget } from "./recent-batches.js";
import { RemoteTicket } from "./remote-ticket.js";
import { RemoteCohort } from "./remote-cohort.js";
import type { WantedPage } from "./remote-cohort.js";

export interface RemoteCohortsOptions {
  readonly peer: Peer<ToHub>;
  /** Writes what keeps the quiet streams of a cohort alive. */
  readonly heartbeat: (words: CohortEncoding, id: string, members: number) => Buffer;
  /** Pages that several readers share are kept up to this many bytes. */
  readonly pageCacheBytes: number;
}

/** Pages that are asked for at a time: of 256 KiB each they are 16 MiB on their way. */
const asksAtATime = 64;

/** What rounds have had last is kept up to this share of what pages may hold: 4 MiB, 16 full rounds, a round trip apart. */
const recentShare = 1 / 4;

interface Ask {
  readonly key: PageKey;
  readonly cohort: CohortNumber;
  readonly takers: Set<(page: Page) => void>;
}

/**
 * The cohorts of this worker's connections, which the hub has. Everything from the hub comes in one order: what is
 * published after a cohort's standing comes as batches, all before it is history that is asked for page by page.
 */
export class RemoteCohorts implements CohortSource {
  readonly #options: RemoteCohortsOptions;
  readonly #pages: PageStore;
  readonly #room: RecentBatchBudget;
  readonly #cohorts = new Map<CohortNumber, RemoteCohort>();
  /** All asks by what they ask for, those that wait, and those under way by number. */
  readonly #asks = new Map<string, Ask>();
  readonly #waiting = new Set<Ask>();
  readonly #underWay = new Map<number, Ask>();
  /**
   * Where readers stand whose last page came from the hub and did not reach the horizon. They stay with the hub until
   * one does: what they were told is lost, and got as a retained value, may be recent here still.
   */
  readonly #midway = new WeakSet<ReadState>();
  #asked = 0;
  #standing: Standing = { upTo: 0, id: "" };
  #wake: (cohort: FanoutCohort) => void = () => undefined;

  constructor(options: RemoteCohortsOptions) {
    this.#options = options;
    this.#pages = new PageStore(options.pageCacheBytes);
    this.#room = new RecentBatchBudget(options.pageCacheBytes * recentShare);
  }

  attach(wake: (cohort: FanoutCohort) => void): void {
    this.#wake = wake;
  }

  /**
   * The hub has let a stream in. To be called as soon as that is known: batches may follow at once. Undone when the
   * stream leaves, or by {@link abandon}.
   */
  reserve({ cohort: number, words, standing }: Place): void {
    let cohort = this.#cohorts.get(number);
    if (cohort === undefined) {
      cohort = this.#create(number, words, standing);
      this.#cohorts.set(number, cohort);
    }
    cohort.connections += 1;
    this.#move(cohort, standing);
  }

  /** A cohort stands here at least. */
  reach({ cohort: number, upTo, id }: Standing & { readonly cohort: CohortNumber }): void {
    const cohort = this.#cohorts.get(number);
    if (cohort !== undefined) this.#move(cohort, { upTo, id });
  }

  /** The client has gone before its stream was opened. */
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

  /** What was published to a cohort. */
  take({ cohort, count, upTo, id }: ToWorker & { readonly kind: "batch" }, body: Buffer): void {
    const remote = this.#cohorts.get(cohort);
    // The last of its connections has gone meanwhile.
    if (remote === undefined) return this.#tellTaken(cohort, 1);
    remote.add({ body, count, upTo, id });
    this.#wake(remote);
  }

  /** A page that was asked for. */
  turnTo({ ask, ...rest }: ToWorker & { readonly kind: "page" }, body: Buffer): void {
    const asked = this.#underWay.get(ask);
    this.#underWay.delete(ask);
    if (asked === undefined) return;
    const { count, next, gapReason, full } = rest;
    const page: Page = { body: compact(body), count, next, gapReason, full };
    if (next.kind === "opening" || next.after < asked.key.limits.upTo) this.#midway.add(next);
    this.#asks.delete(textOf(asked.key));
    this.#pages.keep(asked.key, page);
    for (const take of asked.takers) take(page);
    this.#askMore();
  }

  /** All cohorts stand here at least. */
  stand(standing: Standing): void {
    this.#standing = standing;
  }

  /** Everything of this cohort up to here has come. */
  #move(cohort: RemoteCohort, standing: Standing): void {
    const before = cohort.horizon;
    cohort.moveTo(standing);
    if (cohort.horizon > before) this.#wake(cohort);
  }

  #reserved({ cohort: number }: Place): RemoteCohort {
    const cohort = this.#cohorts.get(number);
    if (cohort === undefined) throw new Error(`no place is reserved in cohort ${number}`);
    return cohort;
  }

  #create(number: CohortNumber, words: CohortEncoding, standing: Standing): RemoteCohort {
    const { heartbeat, peer } = this.#options;
    return new RemoteCohort({
      standing,
      leastStanding: () => this.#standing,
      room: this.#room,
      taken: (batches, roundBytes) => this.#tellTaken(number, batches, roundBytes),
      page: (wanted) => this.#recentPage(number, wanted) ?? this.#page(number, wanted),
      heartbeat: (id, members) => heartbeat(words, id, members),
      hold: (on) => peer.send({ kind: "hold", cohort: number, on }),
      gone: () => this.#cohorts.delete(number),
    });
  }

  #tellTaken(cohort: CohortNumber, batches: number, roundBytes?: number): void {
    this.#options.peer.send({ kind: "taken", cohort, batches, roundBytes });
  }

  #recentPage(number: CohortNumber, { state, limits, recent }: WantedPage): Page | undefined {
    if (this.#midway.has(state)) return undefined;
    // Of its own, for a page of the same place from the hub may lack what history has lost.
    const key: PageKey = { cohort: `recent ${number}`, state, limits };
    const kept = this.#pages.find(key);
    if (kept !== undefined) return kept;
    const page = recent.page(state, limits);
    if (page !== undefined && page.body.length > 0) this.#pages.keep(key, page);
    return page;
  }

  #page(number: CohortNumber, { state, limits }: WantedPage): Page | PendingPage {
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

  /** What nobody waits for is not asked for; once asked it comes all the same, and is kept for others. */
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
      this.#asked += 1;
      this.#underWay.set(this.#asked, asking);
      const { state, limits } = key;
      this.#options.peer.send({ kind: "ask", ask: this.#asked, cohort, state, ...limits });
    }
  }
}

function textOf({ cohort, state, limits }: PageKey): string {
  return `${cohort} ${JSON.stringify(state)} ${limits.maxBytes} ${limits.upTo}`;
}
