import type { RecordHead } from "../log/record.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SnapshotPart } from "../snapshot-part.js";

interface Run {
  readonly n: number;
  readonly atMs: number;
}

/** After this time without a record, a run has ended, in milliseconds of the log's time. */
export const runEndsAfterMs = 3_600_000;

/**
 * The last record of each run. A hub repeats an append when it does not know whether the record was stored. So a record
 * may be in the log twice, and a repeated record may come after later ones. Every reader of the log applies the same
 * records: those whose number is exactly one above the last number of their run. All others are skipped, and their
 * run repeats them.
 *
 * "Not above the highest number" would not do: if record 2 is lost while 3 and 4 are stored, the repeated 2 would be
 * skipped by all, although its publisher was told that it is stored.
 *
 * If the log has lost records, the first record behind them may leave out numbers of its run. Otherwise one damaged
 * record would take all later ones of its run with it.
 */
export class Runs implements SnapshotPart {
  readonly name = "runs";
  readonly #runs = new Map<string, Run>();
  #isBehindLoss = false;

  /** The number of runs in memory. */
  get size(): number {
    return this.#runs.size;
  }

  /** True if the record is the next one of its run. The record then counts as applied. */
  accept({ run, n, atMs }: RecordHead): boolean {
    this.#forgetBefore(atMs - runEndsAfterMs);
    const last = this.lastOf(run);
    if (this.#isBehindLoss ? n <= last : n !== last + 1) return false;
    this.#isBehindLoss = false;
    // The run with the newest record is the last in the map.
    this.#runs.delete(run);
    this.#runs.set(run, { n, atMs });
    return true;
  }

  /**
   * Call this when records of the log are damaged or gone. They may be of the run of the next record, so that record may
   * leave numbers out.
   */
  lost(): void {
    this.#isBehindLoss = true;
  }

  /** The number of the last applied record of a run; 0 if there is none. */
  lastOf(run: string): number {
    return this.#runs.get(run)?.n ?? 0;
  }

  /** The time of the newest record, in milliseconds since 1970; 0 if there is none. */
  get newestMs(): number {
    return Math.max(0, ...[...this.#runs.values()].map(({ atMs }) => atMs));
  }

  /** All runs as they are now, the one with the oldest last record first. */
  save(): readonly unknown[] {
    return [...this.#runs].map(([run, { n, atMs }]) => ({ run, n, atMs }));
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.#runs.set(fields.text("run"), { n: fields.count("n"), atMs: fields.count("atMs") });
  }

  #forgetBefore(atMs: number): void {
    for (const [run, last] of this.#runs) {
      if (last.atMs >= atMs) return;
      this.#runs.delete(run);
    }
  }
}
