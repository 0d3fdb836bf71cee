/** What a sequence number was, seen after the ones before it. */
export type SequenceVerdict =
  /** One more than the highest. */
  | "next"
  /** Beyond the next: those between are missing from now on. */
  | "hole"
  /** One that was missing, come late. */
  | "late"
  /** One that was there before. */
  | "duplicate";

/** Above so many separate holes a late one counts as a duplicate; a stream that bad has failed anyway. */
const maxHoles = 1000;

/** What one client has seen of one stream. */
export class SequenceRecord {
  /** The highest number seen; -1 before the first, unless the first is known beforehand. */
  highest: number;
  /** How many gap events had come when the last number did: a later one explains a hole. */
  gapsSeen = 0;
  #holes: { from: number; to: number }[] = [];

  /** `first`: the number that must come first; `undefined` takes whatever comes. */
  constructor(first?: number) {
    this.highest = first === undefined ? -1 : first - 1;
    this.#anyFirst = first === undefined;
  }

  #anyFirst: boolean;

  /** Takes the next number. After a hole, `sequence - highest before - 1` are missing. */
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

  /** Starts again at `sequence`, as a gap event announces it: what is still held comes again from the earliest. */
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
