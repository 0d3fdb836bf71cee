import type { Batch } from "../../hub/cohort.js";
import type { Page, PageLimits, ReadState } from "../../hub/page.js";
import type { Offset } from "../../hub/position.js";
import type { Standing } from "../wire/messages.js";

/** What the hub has sent of a cohort: all of it lies after `after`, up to `upTo`. */
export type SentBatch = Batch & Standing & { readonly after: Offset };

/** What keeping a batch costs beside its bytes, as an estimate: its Buffer, its place in two lists. */
const batchBytes = 256;

interface Kept {
  readonly bytes: number;
  /** To be called when the room is wanted for others. */
  readonly evict: () => void;
}

/** What the recent batches of all cohorts may hold together. Over its limit the oldest go. */
export class RecentRoom {
  readonly #maxBytes: number;
  readonly #kept = new Set<Kept>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is held together. */
  get bytes(): number {
    return this.#bytes;
  }

  enter(kept: Kept): void {
    this.#kept.add(kept);
    this.#bytes += kept.bytes;
    for (const oldest of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return;
      oldest.evict();
      this.leave(oldest);
    }
  }

  leave(kept: Kept): void {
    if (this.#kept.delete(kept)) this.#bytes -= kept.bytes;
  }
}

/**
 * What a cohort's rounds have had last. A reader that was at the cohort's horizon a moment ago reads on from here, in
 * the same turn, as it would in the hub: with a question to the hub in between, the horizon would have moved by the
 * time of the answer, and with publications in every turn it would read for ever.
 */
export class RecentBatches {
  readonly #room: RecentRoom;
  readonly #batches: { readonly batch: SentBatch; readonly kept: Kept }[] = [];
  /** Everything after this, up to the cohort's horizon, is here. */
  #from: Offset;

  constructor(room: RecentRoom, from: Offset) {
    this.#room = room;
    this.#from = from;
  }

  add(batch: SentBatch): void {
    const kept = { bytes: batch.body.length + batchBytes, evict: () => this.#forgetFirst() };
    this.#batches.push({ batch, kept });
    this.#room.enter(kept);
  }

  /** The cohort is gone. */
  clear(): void {
    for (const { kept } of this.#batches) this.#room.leave(kept);
    this.#batches.length = 0;
  }

  /** The page after this state, up to the horizon or as much as fits; undefined when it does not begin here. */
  page(state: ReadState, { maxBytes, upTo }: PageLimits): Page | undefined {
    if (state.kind !== "history" || state.after < this.#from || state.after > upTo) return undefined;
    const begin = this.#batches.findLastIndex(({ batch }) => batch.upTo <= state.after) + 1;
    const first = this.#batches[begin]?.batch;
    // A cursor got elsewhere may lie in the middle of a batch.
    if (first !== undefined && first.after < state.after) return undefined;
    const fitting = this.#fitting(begin, maxBytes);
    const full = begin + fitting.length < this.#batches.length;
    const after = full ? (fitting.at(-1)?.upTo ?? state.after) : upTo;
    const next: ReadState = { ...state, after };
    return { ...joined(fitting), next, full, gapReason: undefined };
  }

  #fitting(begin: number, maxBytes: number): readonly SentBatch[] {
    let bytes = 0;
    const end = this.#batches.findIndex(({ batch }, index) => {
      if (index < begin) return false;
      bytes += batch.body.length;
      return index > begin && bytes > maxBytes;
    });
    return this.#batches.slice(begin, end === -1 ? undefined : end).map(({ batch }) => batch);
  }

  /** The room gives up the oldest first, and those of one cohort come in order. */
  #forgetFirst(): void {
    this.#from = this.#batches.shift()?.batch.upTo ?? this.#from;
  }
}

/** Several batches as one, in order; one stays as it is. */
export function joined(batches: readonly SentBatch[]): { readonly body: Buffer; readonly count: number } {
  const [only] = batches;
  if (only !== undefined && batches.length === 1) return { body: only.body, count: only.count };
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  return { body: Buffer.concat(batches.map(({ body }) => body)), count };
}
