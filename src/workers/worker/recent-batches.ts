import type { Batch } from "../../hub/cohort.js";
import { EntryQueue } from "../../hub/publications/entry-queue.js";
import type { Page, PageLimits, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Standing } from "../ipc/messages.js";
import { compact } from "./compact.js";

/** What the hub has sent of a cohort: all of it lies after `after`, up to `upTo`. */
export type SentBatch = Batch & Standing & { readonly after: Offset };

/** What keeping a batch costs beside its bytes: its Buffer and its places in two queues, 390 bytes as measured. */
const batchBytes = 400;

/** The end of a batch is its offset. */
interface Kept extends Batch {
  readonly offset: Offset;
  readonly after: Offset;
}

/** What the recent batches of all cohorts may hold together. Over its limit the oldest go. */
export class RecentBatchBudget {
  readonly #maxBytes: number;
  readonly #order = new EntryQueue<{ readonly offset: Offset; readonly evict: () => number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** One more of so many bytes; `evict` gives the oldest of its cohort up and returns the bytes of that. */
  enter(bytes: number, evict: () => number): void {
    this.#order.push({ offset: 0, evict });
    this.#bytes += bytes + batchBytes;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#order.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.evict() + batchBytes;
    }
  }

  /** These bytes are given up; what they cost beside is until their turn has come. */
  leave(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * What a cohort's rounds have had last. A reader that was at the cohort's horizon a moment ago reads on from here, in
 * the same turn, as it would in the hub: with a question to the hub in between, the horizon would have moved by the
 * time of the answer, and with publications in every turn it would read for ever.
 */
export class RecentBatches {
  readonly #room: RecentBatchBudget;
  #batches = new EntryQueue<Kept>();
  #bytes = 0;
  /** Everything after this, up to the cohort's horizon, is here. */
  #from: Offset;
  readonly #evict = (): number => this.#evictFirst();

  constructor(room: RecentBatchBudget, from: Offset) {
    this.#room = room;
    this.#from = from;
  }

  add({ body, count, upTo, after }: SentBatch): void {
    this.#batches.push({ body: compact(body), count, offset: upTo, after });
    this.#bytes += body.length;
    this.#room.enter(body.length, this.#evict);
  }

  /** The cohort is gone. */
  clear(): void {
    this.#room.leave(this.#bytes);
    this.#batches = new EntryQueue();
    this.#bytes = 0;
  }

  /** The page after this state, up to the horizon or as much as fits; undefined when it does not begin here. */
  page(state: ReadState, { maxBytes, upTo }: PageLimits): Page | undefined {
    if (state.kind !== "history" || state.after < this.#from || state.after > upTo) return undefined;
    const begin = this.#batches.indexAfter(state.after);
    const first = this.#batches.at(begin);
    // A cursor got elsewhere may lie in the middle of a batch.
    if (first !== undefined && first.after < state.after) return undefined;
    const fitting = this.#fitting(begin, maxBytes);
    const full = begin + fitting.length < this.#batches.length;
    const after = full ? (fitting.at(-1)?.offset ?? state.after) : upTo;
    return { ...joinBatches(fitting), next: { ...state, after }, full, gapReason: undefined };
  }

  /** As many as fit, at least one if there is one. */
  #fitting(begin: number, maxBytes: number): readonly Kept[] {
    const fitting: Kept[] = [];
    let bytes = 0;
    for (let index = begin; ; index += 1) {
      const kept = this.#batches.at(index);
      bytes += kept?.body.length ?? 0;
      if (kept === undefined || (fitting.length > 0 && bytes > maxBytes)) return fitting;
      fitting.push(kept);
    }
  }

  /** The room gives up the oldest first, and those of one cohort come in order. */
  #evictFirst(): number {
    const oldest = this.#batches.shift();
    if (oldest === undefined) return 0;
    this.#from = oldest.offset;
    this.#bytes -= oldest.body.length;
    return oldest.body.length;
  }
}

/** Several batches as one, in order; one stays as it is. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return { body: only.body, count: only.count };
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  return { body: Buffer.concat(batches.map(({ body }) => body)), count };
}
