import type { FanoutCohort } from "../../delivery/cohort-source.js";
import type { Batch } from "../../hub/cohort.js";
import type { Page, PendingPage, PageLimits, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Standing } from "../ipc/messages.js";
import { RecentBatches, joinBatches } from "./recent-batches.js";
import type { RecentBatchBudget, SentBatch } from "./recent-batches.js";

export interface RemoteCohortOptions {
  /** The position of the cohort when its first connection was admitted. */
  readonly standing: Standing;
  /** The lowest position of all cohorts that the hub has for the worker. */
  readonly leastStanding: () => Standing;
  readonly recentBudget: RecentBatchBudget;
  /** Called when batches are in a round, or when no client needs them. `roundBytes` is the limit of the round. */
  readonly taken: (batches: number, roundBytes?: number) => void;
  /** Gets a page from the recent batches; undefined if they do not contain the page. */
  readonly recentPage: (wanted: WantedPage) => Page | undefined;
  /** Gets a page from the hub. */
  readonly hubPage: (wanted: WantedPage) => Page | PendingPage;
  readonly heartbeat: (id: string, members: number) => Buffer;
  readonly retry: (ms: number) => Buffer;
  readonly coded: (message: Buffer) => Buffer;
  readonly hold: (on: boolean) => void;
  /** Called when the last connection has left the cohort. */
  readonly onEmpty: () => void;
}

/** The state of a reader, and the last batches of its cohort. */
export interface WantedPage {
  readonly state: ReadState;
  readonly limits: PageLimits;
  readonly recent: RecentBatches;
}

/**
 * A cohort that gets its publications from the hub. While the cohort has members, its batches wait here for rounds, as
 * in the hub.
 */
export class RemoteCohort implements FanoutCohort {
  connections = 0;
  readonly #options: RemoteCohortOptions;
  readonly #recent: RecentBatches;
  #pending: SentBatch[] = [];
  /** The position of the cohort before the first pending batch. */
  #standing: Standing;
  /** The position of the cohort after the last batch from the hub. */
  #received: Standing;
  #listening = false;
  #frozen = false;

  constructor(options: RemoteCohortOptions) {
    this.#options = options;
    this.#standing = options.standing;
    this.#received = options.standing;
    this.#recent = new RecentBatches(options.recentBudget, options.standing.upTo);
  }

  get horizon(): Offset {
    return this.#stand().upTo;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Adds a batch from the hub. All earlier batches have arrived. */
  add({ body, count, acceptedAtMs, upTo, id }: Batch & Standing): void {
    // The position does not move while batches are pending.
    this.#standing = this.#stand();
    const batch = { body, count, acceptedAtMs, upTo, id, after: this.#receive().upTo };
    this.moveTo(batch);
    if (this.#listening) {
      this.#pending.push(batch);
      return;
    }
    this.#recent.add(batch);
    this.#options.taken(1);
  }

  /** All publications up to this position have arrived. */
  moveTo({ upTo, id }: Standing): void {
    if (upTo > this.#received.upTo) this.#received = { upTo, id };
  }

  /**
   * Keeps the cohort at its present position. Call this method when the hub has removed the cohort: publications after
   * this position never arrive. Only {@link moveTo} can still move the position.
   */
  freeze(): void {
    this.#receive();
    this.#frozen = true;
  }

  /** Publications up to this offset were deleted, or have expired: readers get pages of the hub until they are behind it. */
  forget(upTo: Offset): void {
    this.#recent.forget(upTo);
  }

  listen(listening: boolean): void {
    this.#listening = listening;
    if (!listening) this.#drop(this.#pending.length);
  }

  nextBatch(maxBytes: number): Batch | undefined {
    const [first, ...others] = this.#pending;
    if (first === undefined) return undefined;
    const batches = [first];
    let bytes = first.body.length;
    for (const batch of others) {
      if (bytes + batch.body.length > maxBytes) break;
      batches.push(batch);
      bytes += batch.body.length;
    }
    this.#drop(batches.length, maxBytes);
    return { ...joinBatches(batches), acceptedAtMs: first.acceptedAtMs };
  }

  page(state: ReadState, limits: PageLimits): Page | PendingPage {
    const { recentPage, hubPage } = this.#options;
    const wanted = { state, limits, recent: this.#recent };
    return recentPage(wanted) ?? (this.#frozen ? neverArrives : hubPage(wanted));
  }

  heartbeat(): Buffer {
    return this.#options.heartbeat(this.#stand().id, this.connections);
  }

  retry(ms: number): Buffer {
    return this.#options.retry(ms);
  }

  coded(message: Buffer): Buffer {
    return this.#options.coded(message);
  }

  hold(on: boolean): void {
    this.#options.hold(on);
  }

  leave(): void {
    this.connections -= 1;
    if (this.connections > 0) return;
    this.listen(false);
    this.#recent.clear();
    this.#options.onEmpty();
  }

  #stand(): Standing {
    return this.#pending.length > 0 ? this.#standing : this.#receive();
  }

  #receive(): Standing {
    if (!this.#frozen) this.moveTo(this.#options.leastStanding());
    return this.#received;
  }

  /** These batches are in a round, or no client needs the batches. */
  #drop(batches: number, roundBytes?: number): void {
    if (batches === 0) return;
    for (const batch of this.#pending.splice(0, batches)) {
      this.#recent.add(batch);
      this.#standing = { upTo: batch.upTo, id: batch.id };
    }
    this.#options.taken(batches, roundBytes);
  }
}

/** The page of a cohort that the hub has removed. The reader waits until it moves to its next cohort. */
function neverArrives(): () => void {
  return () => undefined;
}
