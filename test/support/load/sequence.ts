/** The relation of a sequence number to earlier numbers. */
export type SequenceVerdict =
  /** The highest number so far plus one. */
  | "next"
  /** Higher than the next number: the numbers in between are missing. */
  | "hole"
  /** A missing number that arrived late. */
  | "late"
  /** A number that the client has received before. */
  | "duplicate";

/**
 * The limit of separate holes that the record stores. Above the limit, late numbers count as duplicates; a stream with
 * so many holes has failed anyway.
 */
const maxHoles = 1000;

/** The numbers that one client has received of one stream. */
export class SequenceRecord {
  /** The highest number so far; -1 before the first number, unless the caller gave `first`. */
  highest: number;
  /**
   * The count of gap events when the newest sequence number arrived. A gap event that follows explains a hole before
   * the next number.
   */
  gapsSeen = 0;
  #holes: { from: number; to: number }[] = [];

  /** `first`: the number that must arrive first; `undefined` accepts any number. */
  constructor(first?: number) {
    this.highest = first === undefined ? -1 : first - 1;
    this.#anyFirst = first === undefined;
  }

  #anyFirst: boolean;

  /** Adds the next number. After a hole, `sequence - highest before - 1` numbers are missing. */
  take(sequence: number): SequenceVerdict {
    if (sequence === this.highest + 1 || this.#anyFirst) {
      this.#anyFirst = false;
      this.highest = sequence;
      return "next";
    }
    if (sequence > this.highest) {
      if (this.#holes.length < maxHoles) this.#holes.push({ from: this.highest + 1, to: sequence - 1 });
      this.highest = sequence;
      return "hole";
    }
    return this.#fill(sequence) ? "late" : "duplicate";
  }

  /** Continues at an earlier `sequence`, after a gap event: the hub sends everything in history again. */
  rewind(sequence: number): void {
    this.highest = sequence;
  }

  #fill(sequence: number): boolean {
    const index = this.#holes.findIndex((hole) => hole.from <= sequence && sequence <= hole.to);
    const hole = this.#holes[index];
    if (hole === undefined) return false;
    const rest = [
      { from: hole.from, to: sequence - 1 },
      { from: sequence + 1, to: hole.to },
    ].filter((part) => part.from <= part.to);
    this.#holes.splice(index, 1, ...rest);
    return true;
  }
}
