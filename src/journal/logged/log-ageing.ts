import type { Clock, Timer } from "../../base/clock.js";
import type { Log, Sequence } from "../log/log.js";
import { RecordTimes, type RecordTime } from "./record-times.js";
import type { Snapshots } from "./snapshots.js";

/**
 * The snapshots in the time for which records are kept. Records are removed only when a snapshot lies behind them, and a
 * file of records when one lies behind all of them. So they stay two fifths longer at most.
 */
const snapshotsPerAge = 5;

export interface LogAgeingOptions {
  readonly log: Pick<Log, "expire" | "state">;
  readonly clock: Clock;
  readonly limits: { readonly ageSeconds: number };
  readonly snapshots: Snapshots;
}

/** Lets the log remove its old records, and saves snapshots when they are due. Works also if no record comes. */
export class LogAgeing {
  /** The part of a snapshot that says how old records are. */
  readonly times: RecordTimes;
  readonly #options: LogAgeingOptions;
  readonly #ageMs: number;
  #newest: RecordTime = { sequence: 0, atMs: 0 };
  #isApplying = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: LogAgeingOptions) {
    this.#options = options;
    this.#ageMs = options.limits.ageSeconds * 1000;
    this.times = new RecordTimes(this.#ageMs);
  }

  /** Notes that a record is being applied: a snapshot must wait. */
  applying(): void {
    this.#isApplying = true;
  }

  applied(record: RecordTime): void {
    this.#isApplying = false;
    this.#newest = record;
    this.times.add(record);
    this.#saveIfDue();
  }

  /** Looks for old records now, and from time to time. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#isClosed) return;
    this.#timer = this.#options.clock.every(this.times.periodMs, () => void this.#look());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { log, snapshots } = this.#options;
    await log.expire(this.#olderThan(this.#ageMs));
    // Only one of the two works at a time. A snapshot that is due after this record must not find the removal at work.
    if (log.state !== "up" || this.#isClosed || this.#isApplying) return;
    this.#saveIfDue();
    snapshots.removeUnneeded();
  }

  #saveIfDue(): void {
    const old = this.#timer === undefined ? 0 : this.#olderThan(this.#ageMs / snapshotsPerAge);
    this.#options.snapshots.saveIfDue(this.#newest.sequence, old);
  }

  /** The last record of this age. */
  #olderThan(ageMs: number): Sequence {
    // The log has the time of the machines that wrote it. Their clocks may be ahead of this one.
    const nowMs = Math.max(this.#options.clock.now(), this.#newest.atMs);
    return this.times.lastBefore(nowMs - ageMs);
  }
}
