import { countLeading } from "../../../base/binary-search.js";
import type { Offset } from "../../../hub/publications/position.js";

/** A range of offsets; both ends belong to it. */
export interface OffsetSpan {
  readonly from: Offset;
  readonly upTo: Offset;
}

/** A set of offsets, as spans in order. Spans that overlap or touch become one. */
export class OffsetSpans {
  #spans: OffsetSpan[] = [];

  get length(): number {
    return this.#spans.length;
  }

  get last(): OffsetSpan | undefined {
    return this.#spans.at(-1);
  }

  add({ from, upTo }: OffsetSpan): void {
    const start = this.#indexOf(from - 1);
    const end = countLeading(this.#spans.length, (index) => (this.#spans[index]?.from ?? 0) <= upTo + 1);
    const touched = this.#spans.slice(start, end);
    const joined = {
      from: Math.min(from, touched[0]?.from ?? from),
      upTo: Math.max(upTo, touched.at(-1)?.upTo ?? upTo),
    };
    this.#spans.splice(start, touched.length, joined);
  }

  /** The span with this offset, or the next one after it. */
  endingFrom(offset: Offset): OffsetSpan | undefined {
    return this.#spans[this.#indexOf(offset)];
  }

  has(offset: Offset): boolean {
    return (this.endingFrom(offset)?.from ?? Infinity) <= offset;
  }

  /** Removes the spans that end before this offset. */
  dropBefore(offset: Offset): void {
    this.#spans = this.#spans.slice(this.#indexOf(offset));
  }

  /** Removes the oldest spans, until at most `most` are left. */
  dropOldest(most: number): void {
    this.#spans = this.#spans.slice(Math.max(0, this.#spans.length - most));
  }

  /** Joins the oldest spans, and all offsets between them, until at most `most` are left. */
  joinOldest(most: number): void {
    const [first] = this.#spans;
    const last = this.#spans[this.#spans.length - most];
    if (first !== undefined && last !== undefined) this.add({ from: first.from, upTo: last.upTo });
  }

  [Symbol.iterator](): Iterator<OffsetSpan> {
    return this.#spans[Symbol.iterator]();
  }

  /** The index of the first span that ends at this offset or later. */
  #indexOf(offset: Offset): number {
    return countLeading(this.#spans.length, (index) => (this.#spans[index]?.upTo ?? 0) < offset);
  }
}
