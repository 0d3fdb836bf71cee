import { runEndsAfterMs, type RecordHead } from "../log/record.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SnapshotPart } from "../snapshot-part.js";

interface Run {
  readonly n: number;
  readonly atMs: number;
  /** True if records were lost after this one: the next record may leave out numbers. */
  readonly isBeforeLoss: boolean;
}

/**
 * The last record of each run. A hub repeats an append when it does not know whether the record was stored. So a record
 * may be in the log twice, and a repeated record may come after later ones. Every reader of the log applies the same
 * records: those whose number is exactly one above the last number of their run. All others are skipped, and their
 * run repeats them.
 *
 * "Not above the highest number" would not do: if record 2 is lost while 3 and 4 are stored, the repeated 2 would be
 * skipped by all, although its publisher was told that it is stored.
 *
 * If the log has lost records, the next record of each run may leave out numbers. Otherwise one damaged record would take
 * all later ones of its run with it. Several hubs append at the same time, so many runs may go on behind the lost part. All
 * of them together leave out no more numbers than records are lost.
 */
export class Runs implements SnapshotPart {
  readonly name = "runs";
  readonly #runs = new Map<string, Run>();
  /** The lost records that no run has left out yet. */
  #missing = 0;
  /** Until this time of the log, the first record of a run may leave out numbers. Set by the first record after a loss. */
  #untilMs: number | undefined;

  /** The number of runs in memory. */
  get size(): number {
    return this.#runs.size;
  }

  /** True if the record is the next one of its run. The record then counts as applied. */
  accept({ run, n, atMs }: RecordHead): boolean {
    this.#forgetBefore(atMs - runEndsAfterMs);
    // A run that began in the lost part goes on within this time.
    this.#untilMs ??= atMs + runEndsAfterMs;
    const last = this.#runs.get(run);
    const mayLeaveOut = last === undefined ? atMs <= this.#untilMs : last.isBeforeLoss;
    const leftOut = n - (last?.n ?? 0) - 1;
    if (leftOut < 0 || leftOut > (mayLeaveOut ? this.#missing : 0)) return false;
    this.#missing -= leftOut;
    // The run with the newest record is the last in the map.
    this.#runs.delete(run);
    this.#runs.set(run, { n, atMs, isBeforeLoss: false });
    return true;
  }

  /**
   * Call this when records of the log are damaged or gone.
   *
   * @param records the number of these records, or more
   */
  lost(records: number): void {
    this.#missing += records;
    this.#untilMs = undefined;
    for (const [run, last] of this.#runs) this.#runs.set(run, { ...last, isBeforeLoss: true });
  }

  /** The number of the last applied record of a run; 0 if there is none. */
  lastOf(run: string): number {
    return this.#runs.get(run)?.n ?? 0;
  }

  /** The time of the newest record, in milliseconds since 1970; 0 if there is none. */
  get newestMs(): number {
    return Math.max(0, ...[...this.#runs.values()].map(({ atMs }) => atMs));
  }

  /** All runs as they are now, the one with the oldest last record first; then what the next records may leave out. */
  save(): readonly unknown[] {
    const runs = [...this.#runs].map(([run, { n, atMs, isBeforeLoss }]) =>
      isBeforeLoss ? { run, n, atMs, isBeforeLoss } : { run, n, atMs },
    );
    const untilMs = this.#untilMs === undefined ? {} : { untilMs: this.#untilMs };
    return this.#missing === 0 ? runs : [...runs, { missing: this.#missing, ...untilMs }];
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    if (fields.has("missing")) {
      this.#missing = fields.count("missing");
      if (fields.has("untilMs")) this.#untilMs = fields.count("untilMs");
    } else {
      const isBeforeLoss = fields.has("isBeforeLoss") && fields.flag("isBeforeLoss");
      this.#runs.set(fields.text("run"), { n: fields.count("n"), atMs: fields.count("atMs"), isBeforeLoss });
    }
  }

  #forgetBefore(atMs: number): void {
    for (const [run, last] of this.#runs) {
      if (last.atMs >= atMs) return;
      this.#runs.delete(run);
    }
  }
}
