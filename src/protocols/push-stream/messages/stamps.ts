import { countLeading } from "../../../base/binary-search.js";
import { copyInSteps } from "../../../base/turn-budget.js";
import { CompactingQueue } from "../../../base/compacting-queue.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Offset } from "../../../hub/publications/position.js";
import { SnapshotItem } from "../../../journal/snapshot-item.js";
import type { SavedItems, SnapshotPart } from "../../../journal/snapshot-part.js";

/**
 * The position of a message in the push stream module: the second of its publication, and its number within that
 * second. Stamps have the same order as the hub's offsets. A journal that leaves offsets out leaves tags out too.
 */
export interface Stamp {
  /** Seconds since 1970. */
  readonly time: number;
  readonly tag: number;
}

interface Second {
  readonly time: number;
  /** The offset of the first publication in this second. */
  readonly first: Offset;
}

/**
 * The most seconds to store: a little more than the seconds in a day, which is the default age limit of the history.
 */
const mostSeconds = 100_000;

/** Converts between offsets and stamps. The class stores one entry for each second with a publication. */
export class Stamps implements SnapshotPart {
  readonly name = "stamps";
  readonly #beganMs: () => number;
  readonly #seconds = new CompactingQueue<Second>();
  /** The first second of the journal; undefined before the first call. Stamps of another journal are older. */
  #start: number | undefined;
  #head: Offset = 0;

  /**
   * The begin of the journal counts as the first message of the next second. So a client that has received nothing yet
   * has a stamp too.
   *
   * @param beganMs as {@link Journal.beganMs}; not called if a snapshot is loaded
   */
  constructor(beganMs: () => number) {
    this.#beganMs = beganMs;
  }

  /**
   * Adds a publication. Call this method with each publication, in order. If the clock is set back, the current
   * second continues.
   */
  apply({ offset, atMs }: Pick<Entry, "offset" | "atMs">): void {
    this.#begin();
    this.#head = offset;
    const { last } = this.#seconds;
    const time = Math.floor(atMs / 1000);
    if (last !== undefined && time <= last.time) return;
    this.#seconds.push({ time, first: offset });
    if (this.#seconds.length > mostSeconds) this.#seconds.shift();
  }

  /**
   * The stamp of the publication at this offset; time 0 and tag 0 if the publication is too old. An offset behind the last
   * publication has the stamp of this publication: the end of a journal may lie at such an offset, but not for all hubs.
   */
  of(at: Offset): Stamp {
    this.#begin();
    const offset = Math.min(at, this.#head);
    const second = this.#seconds.at(this.#indexAt(({ first }) => first <= offset));
    return second === undefined ? { time: 0, tag: 0 } : { time: second.time, tag: offset - second.first + 1 };
  }

  /**
   * The offset of the last publication up to this stamp. A negative tag includes all publications of its second. Time 0
   * is before all publications, and so is a second that is no longer stored: its client gets messages again, or a gap,
   * but loses none in silence.
   *
   * @returns `other-run` for a time before the begin of the journal: in memory, of this run of the hub. `ahead` for a
   *   stamp of a message that this hub does not have. Only a hub numbers messages, so a tag below 1 is never ahead: its
   *   time may be that of a client's clock
   */
  offsetAt({ time, tag }: Stamp): Offset | "other-run" | "ahead" {
    if (time === 0) return 0;
    if (time < this.#begin()) return "other-run";
    const index = this.#indexAt((second) => second.time <= time);
    const second = this.#seconds.at(index);
    if (second === undefined) return 0;
    const isLast = index === this.#seconds.length - 1;
    if (isLast && tag > 0 && (second.time < time || second.first + tag - 1 > this.#head)) return "ahead";
    const last = (this.#seconds.at(index + 1)?.first ?? this.#head + 1) - 1;
    if (second.time < time || tag < 0) return last;
    return Math.max(0, Math.min(last, second.first + tag - 1));
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, Iterable<unknown>> {
    const start = this.#begin();
    const items: unknown[] = [{ start, head: this.#head }];
    yield* copyInSteps(this.#seconds.all(), (second) => void items.push(second));
    return items;
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    if (fields.has("start")) {
      this.#start = fields.count("start");
      this.#head = fields.count("head");
    } else this.#seconds.push({ time: fields.count("time"), first: fields.count("first") });
  }

  /** The first second. Pushes the second when it is asked for the first time. */
  #begin(): number {
    if (this.#start === undefined) {
      this.#start = Math.floor(this.#beganMs() / 1000) + 1;
      this.#seconds.push({ time: this.#start, first: 0 });
    }
    return this.#start;
  }

  /** The index of the last second for which `matches` is true, by binary search; -1 if there is none. */
  #indexAt(matches: (second: Second) => boolean): number {
    const leading = countLeading(this.#seconds.length, (index) => {
      const second = this.#seconds.at(index);
      return second !== undefined && matches(second);
    });
    return leading - 1;
  }
}

/** Formats a second as the module does [RFC 9110 5.6.7]. */
export function formatTime(time: number): string {
  return new Date(time * 1000).toUTCString();
}
