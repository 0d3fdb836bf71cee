import { countLeading } from "../../../base/binary-search.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Offset } from "../../../hub/publications/position.js";

/**
 * A moment as clients of the push stream module know it: a second, and how many publications of that second there had
 * been, this one included. Both together are in the order of the hub's one count.
 */
export interface Stamp {
  /** Seconds since 1970. */
  readonly time: number;
  readonly tag: number;
}

interface Second {
  readonly time: number;
  /** The offset of its first publication. */
  readonly first: Offset;
}

/** Somewhat more than the seconds of a day, which is how long history is kept by default. */
const mostSeconds = 100_000;

/** Translates between offsets and stamps. It holds one number for each second in which something was published. */
export class Stamps {
  #seconds: Second[] = [];
  #head: Offset = 0;

  /** To be told of each publication, in order; a clock that is set back makes no second come again. */
  add({ offset, atMs }: Pick<Entry, "offset" | "atMs">): void {
    this.#head = offset;
    const last = this.#seconds.at(-1);
    const time = Math.floor(atMs / 1000);
    if (last !== undefined && time <= last.time) return;
    this.#seconds.push({ time, first: offset });
    if (this.#seconds.length > mostSeconds) this.#seconds = this.#seconds.slice(mostSeconds / 2);
  }

  /** The stamp of the publication at this offset; of one that is too old to be known, that of nothing. */
  of(offset: Offset): Stamp {
    const second = this.#seconds[this.#indexAt(({ first }) => first <= offset)];
    return second === undefined ? { time: 0, tag: 0 } : { time: second.time, tag: offset - second.first + 1 };
  }

  /** The present: what is published from now on comes behind it. */
  now(nowMs: number): Stamp {
    const time = Math.floor(nowMs / 1000);
    const last = this.#seconds.at(-1);
    if (last === undefined || last.time < time) return { time, tag: 0 };
    return { time: last.time, tag: this.#head - last.first + 1 };
  }

  /**
   * The offset behind which everything came later than this moment. A negative tag is that of no publication: what
   * was published in that second does not count as later.
   */
  offsetAt({ time, tag }: Stamp): Offset {
    const index = this.#indexAt((second) => second.time <= time);
    const second = this.#seconds[index];
    const last = (this.#seconds[index + 1]?.first ?? this.#head + 1) - 1;
    if (second === undefined || second.time < time || tag < 0) return last;
    return Math.min(last, second.first + tag - 1);
  }

  /** The index of the last second that is so; -1 when none is. */
  #indexAt(isSo: (second: Second) => boolean): number {
    const leading = countLeading(this.#seconds.length, (index) => {
      const second = this.#seconds[index];
      return second !== undefined && isSo(second);
    });
    return leading - 1;
  }
}

/** As the module writes a second [RFC 9110 5.6.7]. */
export function formatTime(time: number): string {
  return new Date(time * 1000).toUTCString();
}
