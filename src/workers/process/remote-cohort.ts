import type { ComingPage, FanoutCohort } from "../../fanout/cohorts.js";
import type { Batch } from "../../hub/cohort.js";
import type { Page, PageLimits, ReadState } from "../../hub/page.js";
import type { Offset } from "../../hub/position.js";
import type { Standing } from "../wire/messages.js";

export interface RemoteCohortOptions {
  /** Where it stood when its first connection was let in. */
  readonly standing: Standing;
  /** Where every cohort of the worker stands at least. */
  readonly leastStanding: () => Standing;
  /** So many batches are in a round, or wanted by nobody; a round may have so many bytes. */
  readonly taken: (batches: number, roundBytes?: number) => void;
  readonly page: (state: ReadState, limits: PageLimits) => Page | ComingPage;
  readonly heartbeat: (id: string, members: number) => Buffer;
  readonly hold: (on: boolean) => void;
  /** Its last connection has left. */
  readonly gone: () => void;
}

/** What the hub has sent of a cohort, up to where. */
export type SentBatch = Batch & Standing;

/** A cohort whose publications the hub sends; batches wait here for rounds, as in the hub, while somebody listens. */
export class RemoteCohort implements FanoutCohort {
  connections = 0;
  readonly #options: RemoteCohortOptions;
  #pending: SentBatch[] = [];
  /** Where it stands before the first that is pending. */
  #standing: Standing;
  #listening = false;

  constructor(options: RemoteCohortOptions) {
    this.#options = options;
    this.#standing = options.standing;
  }

  get horizon(): Offset {
    return this.#stand().upTo;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** True when it is the first to wait. */
  add(batch: SentBatch): boolean {
    if (!this.#listening) {
      this.#standing = batch;
      this.#options.taken(1);
      return false;
    }
    // While something waits its standing does not move.
    this.#standing = this.#stand();
    this.#pending.push(batch);
    return this.#pending.length === 1;
  }

  listen(listening: boolean): void {
    this.#listening = listening;
    if (!listening) this.#drop(this.#pending.length);
  }

  take(maxBytes: number): Batch | undefined {
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
    if (batches.length === 1) return first;
    const count = batches.reduce((sum, batch) => sum + batch.count, 0);
    const bodies = batches.map(({ body }) => body);
    return { body: Buffer.concat(bodies, bytes), count };
  }

  page(state: ReadState, limits: PageLimits): Page | ComingPage {
    return this.#options.page(state, limits);
  }

  heartbeat(): Buffer {
    return this.#options.heartbeat(this.#stand().id, this.connections);
  }

  hold(on: boolean): void {
    this.#options.hold(on);
  }

  leave(): void {
    this.connections -= 1;
    if (this.connections > 0) return;
    this.listen(false);
    this.#options.gone();
  }

  #stand(): Standing {
    if (this.#pending.length > 0) return this.#standing;
    const least = this.#options.leastStanding();
    return least.upTo > this.#standing.upTo ? least : this.#standing;
  }

  /** These are in a round, or wanted by nobody. */
  #drop(batches: number, roundBytes?: number): void {
    if (batches === 0) return;
    const last = this.#pending[batches - 1];
    this.#pending = this.#pending.slice(batches);
    if (last !== undefined) this.#standing = last;
    this.#options.taken(batches, roundBytes);
  }
}
