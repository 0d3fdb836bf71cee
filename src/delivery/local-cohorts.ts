import type { Batch, Cohort, Outlet } from "../hub/cohort.js";
import type { Hub } from "../hub/hub.js";
import { moveReading, namesOf, startReading } from "../hub/history-page.js";
import type { Page, PageLimits, PendingPage, ReadState } from "../hub/history-page.js";
import type { Offset } from "../hub/publications/position.js";
import type { CohortSource, FanoutCohort, JoinedCohort } from "./cohort-source.js";
import type { JoinTicket } from "./joining/admitted-stream.js";
import { defaultFanoutLimits } from "../limits/fanout.js";
import { LocalTicket } from "./joining/local-ticket.js";
import { PageCache } from "../hub/page-cache.js";

export interface LocalCohortsOptions {
  /** Unique among the hub's outlets. */
  readonly name: string;
  readonly hub: Hub;
  /** The memory for pages that readers share, in bytes. @default the value in `defaultFanoutLimits` */
  readonly pageCacheBytes?: number;
}

/** An outlet of the hub in this process, and the source of its cohorts. */
export class LocalCohorts implements CohortSource, Outlet {
  readonly name: string;
  readonly #hub: Hub;
  readonly #pages: PageCache;
  readonly #cohorts = new Map<Cohort, LocalCohort>();
  #wake: (cohort: FanoutCohort) => void = () => undefined;

  constructor({ name, hub, pageCacheBytes = defaultFanoutLimits.pageCacheBytes }: LocalCohortsOptions) {
    this.name = name;
    this.#hub = hub;
    this.#pages = new PageCache(hub, pageCacheBytes);
  }

  attach(wake: (cohort: FanoutCohort) => void): void {
    this.#wake = wake;
  }

  wake(cohort: Cohort): void {
    const local = this.#cohorts.get(cohort);
    if (local !== undefined) this.#wake(local);
  }

  join(ticket: JoinTicket): JoinedCohort {
    const joining = LocalTicket.read(ticket);
    const cohort = this.#hub.join(this, joining.subscription);
    return { cohort: this.#localOf(cohort), read: startReading(this.#hub, cohort, joining) };
  }

  move(ticket: JoinTicket, read: ReadState): JoinedCohort {
    const { subscription, added = [] } = LocalTicket.read(ticket);
    const cohort = this.#hub.join(this, subscription);
    return { cohort: this.#localOf(cohort), read: moveReading(read, namesOf(added)) };
  }

  #localOf(cohort: Cohort): LocalCohort {
    let local = this.#cohorts.get(cohort);
    if (local === undefined) {
      local = new LocalCohort({
        hub: this.#hub,
        pages: this.#pages,
        cohort,
        onEmpty: () => this.#cohorts.delete(cohort),
      });
      this.#cohorts.set(cohort, local);
    }
    return local;
  }
}

interface LocalCohortOptions {
  readonly hub: Hub;
  readonly pages: PageCache;
  readonly cohort: Cohort;
  /** Called when the cohort's last connection has left. */
  readonly onEmpty: () => void;
}

class LocalCohort implements FanoutCohort {
  readonly #options: LocalCohortOptions;
  readonly #cohort: Cohort;

  constructor(options: LocalCohortOptions) {
    this.#options = options;
    this.#cohort = options.cohort;
  }

  get connections(): number {
    return this.#cohort.connections;
  }

  get horizon(): Offset {
    return this.#cohort.horizon;
  }

  get hasPending(): boolean {
    return this.#cohort.hasPending;
  }

  listen(listening: boolean): void {
    this.#cohort.listen(listening);
  }

  nextBatch(maxBytes: number): Batch | undefined {
    return this.#cohort.nextBatch(maxBytes);
  }

  page(state: ReadState, limits: PageLimits): Page | PendingPage {
    return this.#options.pages.page(this.#cohort, state, limits);
  }

  heartbeat(): Buffer {
    const { history } = this.#options.hub;
    const { subscription, connections } = this.#cohort;
    return this.#cohort.coded(subscription.format.heartbeat(history.idAt(history.head)), connections);
  }

  retry(ms: number): Buffer {
    const { format } = this.#cohort.subscription;
    return this.#cohort.coded(format.retry?.(ms) ?? nothing, 1);
  }

  coded(message: Buffer): Buffer {
    return this.#cohort.coded(message, 1);
  }

  hold(on: boolean): void {
    this.#options.hub.hold(this, on);
  }

  leave(): void {
    const { hub, onEmpty } = this.#options;
    hub.leave(this.#cohort);
    if (this.#cohort.connections === 0) onEmpty();
  }
}

const nothing = Buffer.alloc(0);
