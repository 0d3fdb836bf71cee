import { countLeading } from "../../../base/binary-search.js";
import { CompactingQueue } from "../../../base/compacting-queue.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Offset } from "../../../hub/publications/position.js";

/**
 * The position of a message in the push stream module: the second of its publication, and its number within that
 * second. Stamps have the same order as the hub's offsets.
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
export class Stamps {
  /** The first second of this run of the hub. No stamp of an earlier run is in this second or later. */
  readonly #start: number;
  readonly #seconds = new CompactingQueue<Second>();
  #head: Offset = 0;

  /**
   * The start of the run counts as the first message of the second after `startMs`, in milliseconds since 1970. So a
   * client that has received nothing yet has a stamp too.
   */
  constructor(startMs: number) {
    this.#start = Math.floor(startMs / 1000) + 1;
    this.#seconds.push({ time: this.#start, first: 0 });
  }

  /**
   * Adds a publication. Call this method with each publication, in order. If the clock is set back, the current
   * second continues.
   */
  apply({ offset, atMs }: Pick<Entry, "offset" | "atMs">): void {
    this.#head = offset;
    const { last } = this.#seconds;
    const time = Math.floor(atMs / 1000);
    if (last !== undefined && time <= last.time) return;
    this.#seconds.push({ time, first: offset });
    if (this.#seconds.length > mostSeconds) this.#seconds.shift();
  }

  /** The stamp of the publication at this offset; time 0 and tag 0 if the publication is too old. */
  of(offset: Offset): Stamp {
    const second = this.#seconds.at(this.#indexAt(({ first }) => first <= offset));
    return second === undefined ? { time: 0, tag: 0 } : { time: second.time, tag: offset - second.first + 1 };
  }

  /** A stamp after all past publications and before all future publications. */
  now(nowMs: number): Stamp {
    const time = Math.floor(nowMs / 1000);
    const { last } = this.#seconds;
    if (last === undefined || last.time < time) return { time, tag: 0 };
    return { time: last.time, tag: this.#head - last.first + 1 };
  }

  /**
   * The offset of the last publication up to this stamp. A negative tag includes all publications of its second. Time 0
   * is before all publications, and so is a second that is no longer stored: its client gets messages again, or a gap,
   * but loses none in silence. `other-run` for a time before this run of the hub.
   */
  offsetAt({ time, tag }: Stamp): Offset | "other-run" {
    if (time === 0) return 0;
    if (time < this.#start) return "other-run";
    const index = this.#indexAt((second) => second.time <= time);
    const second = this.#seconds.at(index);
    if (second === undefined) return 0;
    const last = (this.#seconds.at(index + 1)?.first ?? this.#head + 1) - 1;
    if (second.time < time || tag < 0) return last;
    return Math.max(0, Math.min(last, second.first + tag - 1));
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
