import type { Batch } from "../../hub/cohort.js";
import { EntryQueue } from "../../hub/publications/entry-queue.js";
import type { Page, PageLimits, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Standing } from "../ipc/messages.js";

/** ZeroMQ receives smaller frames together in one memory block of this size. */
const receivedBytes = 8192;

/** A batch of a cohort with all its publications after `after` and up to `upTo`. */
export type SentBatch = Batch & Standing & { readonly after: Offset };

/** The memory of a batch in addition to its bytes, for its Buffer and its slots in two queues: 390 bytes [measured]. */
const batchBytes = 400;

/** A kept batch. The offset is the end of the batch. */
interface KeptBatch extends Pick<Batch, "body" | "count"> {
  readonly offset: Offset;
  readonly after: Offset;
}

/** The memory limit for the recent batches of all cohorts. Above the limit, the oldest batches are evicted. */
export class RecentBatchBudget {
  readonly #maxBytes: number;
  readonly #order = new EntryQueue<{ readonly offset: Offset; readonly evict: () => number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds a batch. `evict` evicts the oldest batch of its cohort, and returns the bytes of that batch. */
  enter(bytes: number, evict: () => number): void {
    this.#order.push({ offset: 0, evict });
    this.#bytes += bytes + batchBytes;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#order.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.evict() + batchBytes;
    }
  }

  /**
   * Subtracts the bytes of an ended cohort. The overhead of each of its batches counts until that batch is the oldest.
   */
  leave(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * The last batches of a cohort's rounds. A reader that was at the cohort's horizon a moment ago reads these batches in
 * the same turn, as a reader in the hub does. A reader that requests every page from the hub would never reach the
 * horizon: a request takes longer than the time between two publications.
 */
export class RecentBatches {
  readonly #budget: RecentBatchBudget;
  #batches = new EntryQueue<KeptBatch>();
  #bytes = 0;
  /** All batches after this offset, up to the cohort's horizon, are kept. */
  #from: Offset;
  readonly #evict = (): number => this.#evictFirst();

  constructor(budget: RecentBatchBudget, from: Offset) {
    this.#budget = budget;
    this.#from = from;
  }

  add({ body, count, upTo, after }: SentBatch): void {
    this.#batches.push({ body: compact(body), count, offset: upTo, after });
    this.#bytes += body.length;
    this.#budget.enter(body.length, this.#evict);
  }

  /** Call this method when the cohort has ended. */
  clear(): void {
    this.#budget.leave(this.#bytes);
    this.#batches = new EntryQueue();
    this.#bytes = 0;
  }

  /** Gives no reader a batch with publications up to this offset, also of those to come. */
  forget(upTo: Offset): void {
    while ((this.#batches.first?.after ?? upTo) < upTo) this.#budget.leave(this.#evictFirst());
    this.#from = Math.max(this.#from, upTo);
  }

  /**
   * The page after this state: up to the horizon, or as much as fits. Undefined if the page begins before the kept
   * batches.
   */
  page(state: ReadState, { maxBytes, upTo }: PageLimits): Page | undefined {
    if (state.kind !== "history" || state.after < this.#from || state.after > upTo) return undefined;
    const begin = this.#batches.indexAfter(state.after);
    const first = this.#batches.at(begin);
    // A reader from another cohort, or with a page from the hub, may be in the middle of a batch.
    if (first !== undefined && first.after < state.after) return undefined;
    const fitting = this.#fitting(begin, maxBytes);
    const full = begin + fitting.length < this.#batches.length;
    const after = full ? (fitting.at(-1)?.offset ?? state.after) : upTo;
    return { ...joinBatches(fitting), next: { ...state, after }, full, gapReason: undefined };
  }

  /** All batches that fit, and at least one if there are any. */
  #fitting(begin: number, maxBytes: number): readonly KeptBatch[] {
    const fitting: KeptBatch[] = [];
    let bytes = 0;
    for (let index = begin; ; index += 1) {
      const kept = this.#batches.at(index);
      bytes += kept?.body.length ?? 0;
      if (kept === undefined || (fitting.length > 0 && bytes > maxBytes)) return fitting;
      fitting.push(kept);
    }
  }

  /** The budget evicts the oldest batches first, and the batches of one cohort in order. */
  #evictFirst(): number {
    const oldest = this.#batches.shift();
    if (oldest === undefined) return 0;
    this.#from = Math.max(this.#from, oldest.offset);
    this.#bytes -= oldest.body.length;
    return oldest.body.length;
  }
}

/** Joins batches in order. A single batch is returned unchanged. */
export function joinBatches(
  batches: readonly Pick<Batch, "body" | "count">[],
): Pick<Batch, "body" | "count"> {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return { body: only.body, count: only.count };
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  return { body: Buffer.concat(batches.map(({ body }) => body)), count };
}

/**
 * Returns the bytes to keep in memory. The function copies small bodies, because a view keeps everything in memory that
 * ZeroMQ received in the same block. For example, 300 bytes that arrived alone use 10 KB as a view, and 2.2 KB as a
 * copy.
 */
export function compact(body: Buffer): Buffer {
  return body.length < receivedBytes ? Buffer.from(body) : body;
}
