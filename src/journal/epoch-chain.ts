import { countLeading } from "../base/binary-search.js";
import type { Cursor } from "../hub/publications/history.js";
import type { Epoch, Offset, Position } from "../hub/publications/position.js";
import { SnapshotItem } from "./snapshot-item.js";
import type { SnapshotPart } from "./snapshot-part.js";

/**
 * The most epochs in a chain. An epoch takes about 150 bytes: 1.5 MB. A log begins an epoch at each start. With one start
 * every 9 seconds, the chain covers a day, the default age of a log. Above the limit, the chain drops the oldest epoch.
 */
export const mostEpochs = 10_000;

interface Link {
  readonly epoch: Epoch;
  /** The last offset before the epoch. */
  readonly after: Offset;
  /** The last offset of the epoch. */
  end: Offset;
}

/**
 * The epochs of a journal, in order. A journal begins an epoch whenever it cannot know whether the last publications have
 * survived. The epoch before ends at the last publication that did. So a position is valid up to the end of its epoch,
 * and an offset that is given a second time belongs to another epoch.
 */
export class EpochChain implements SnapshotPart {
  readonly name = "epochs";
  readonly #links: Link[] = [];
  readonly #byEpoch = new Map<Epoch, Link>();

  /** A chain with one epoch, which has begun before the first publication. */
  static of(epoch: Epoch): EpochChain {
    const chain = new EpochChain();
    chain.begin(epoch, 0);
    return chain;
  }

  get length(): number {
    return this.#links.length;
  }

  /** Oldest first. */
  get epochs(): readonly Epoch[] {
    return this.#links.map(({ epoch }) => epoch);
  }

  /**
   * Begins an epoch after this offset, where the epoch before ends. Epochs that began after this offset are dropped:
   * none of their publications has survived. Has no effect if the chain has the epoch already.
   */
  begin(epoch: Epoch, after: Offset): void {
    if (this.#byEpoch.has(epoch)) return;
    while ((this.#links.at(-1)?.after ?? 0) > after) this.#forget(this.#links.pop());
    const last = this.#links.at(-1);
    if (last !== undefined) last.end = after;
    const link = { epoch, after, end: Infinity };
    this.#links.push(link);
    this.#byEpoch.set(epoch, link);
    if (this.#links.length > mostEpochs) this.#forget(this.#links.shift());
  }

  /**
   * The epoch of an offset. The last offset before an epoch belongs to the epoch before. An offset before all epochs
   * belongs to the first epoch. Call {@link begin} first.
   */
  at(offset: Offset): Epoch {
    const last = this.#links.at(-1);
    if (last !== undefined && offset > last.after) return last.epoch;
    const before = countLeading(this.#links.length, (index) => (this.#links[index]?.after ?? 0) < offset);
    const link = this.#links[Math.max(0, before - 1)];
    if (link === undefined) throw new Error("no epoch has begun");
    return link.epoch;
  }

  /**
   * Finds a position: `other-epoch` if the epoch is unknown, or had ended before this offset; `unknown-id` if the offset is
   * beyond the head of the journal.
   */
  locate({ epoch, offset }: Position, head: Offset): Cursor {
    const link = this.#byEpoch.get(epoch);
    if (link === undefined || offset > link.end) return { kind: "lost", reason: "other-epoch" };
    return offset > head ? { kind: "lost", reason: "unknown-id" } : { kind: "at", offset };
  }

  has(epoch: Epoch): boolean {
    return this.#byEpoch.has(epoch);
  }

  save(): Iterable<unknown> {
    return this.#links.map(({ epoch, after }) => ({ epoch, after }));
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.begin(fields.epoch("epoch"), fields.count("after"));
  }

  #forget(link: Link | undefined): void {
    if (link !== undefined) this.#byEpoch.delete(link.epoch);
  }
}
