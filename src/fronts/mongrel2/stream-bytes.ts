import type { FanoutCohort } from "../../delivery/cohort-source.js";

interface Counted {
  bytes: number;
  /** The cohort whose rounds the stream gets, if it gets rounds. */
  cohort: FanoutCohort | undefined;
}

/**
 * Counts the bytes of each stream. A round counts once for its cohort, and not once for each of its members: a stream's
 * part is the difference between two readings of the cohort.
 */
export class StreamBytes {
  readonly #cohorts = new WeakMap<FanoutCohort, number>();
  /** By the id that Mongrel2 gave to the connection. */
  readonly #streams = new Map<number, Counted>();

  wrote(id: number, bytes: number): void {
    this.#of(id).bytes += bytes;
  }

  wroteRound(cohort: FanoutCohort, bytes: number): void {
    this.#cohorts.set(cohort, this.#bytesOf(cohort) + bytes);
  }

  joined(id: number, cohort: FanoutCohort): void {
    const counted = this.#of(id);
    counted.bytes -= this.#bytesOf(cohort);
    counted.cohort = cohort;
  }

  left(id: number): void {
    const counted = this.#streams.get(id);
    if (counted?.cohort === undefined) return;
    counted.bytes += this.#bytesOf(counted.cohort);
    counted.cohort = undefined;
  }

  /** Returns the bytes of a stream, and forgets the stream. */
  take(id: number): number {
    this.left(id);
    const bytes = this.#streams.get(id)?.bytes ?? 0;
    this.#streams.delete(id);
    return bytes;
  }

  #of(id: number): Counted {
    const counted = this.#streams.get(id) ?? { bytes: 0, cohort: undefined };
    this.#streams.set(id, counted);
    return counted;
  }

  #bytesOf(cohort: FanoutCohort): number {
    return this.#cohorts.get(cohort) ?? 0;
  }
}
