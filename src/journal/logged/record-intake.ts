import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import { decodeHead, decodeRecord } from "../log/decode-record.js";
import type { Sequence, StoredRecord } from "../log/log.js";
import { offsetAt } from "../log/record.js";
import type { LogItem, RecordHead } from "../log/record.js";
import { ForeignMessages } from "./foreign-messages.js";
import type { LogHistory } from "./history/log-history.js";
import type { PendingItem } from "./sending/pending-item.js";
import type { RecordApplier } from "./record-applier.js";
import type { RecordSender } from "./sending/record-sender.js";
import type { Runs } from "./runs.js";

export interface RecordIntakeOptions {
  readonly sender: Pick<RecordSender, "arrived" | "applied" | "beginRun">;
  readonly applier: RecordApplier;
  readonly runs: Runs;
  readonly history: Pick<LogHistory, "skip">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface DecodedRecord {
  readonly head: RecordHead;
  /** The items that this hub waits for; undefined if another hub, or another start, has sent the record. */
  readonly pending: readonly PendingItem[] | undefined;
  readonly items: readonly LogItem[];
}

/** Takes the messages of a log, in order: applies the records that count, and skips all others. */
export class RecordIntake {
  readonly #options: RecordIntakeOptions;
  readonly #foreign: ForeignMessages;
  #applied: Sequence = 0;
  #atMs = 0;
  #beganMs: number | undefined;

  constructor(options: RecordIntakeOptions) {
    this.#options = options;
    this.#foreign = new ForeignMessages(options);
  }

  /** The last record that was applied, skipped or lost. */
  get applied(): Sequence {
    return this.#applied;
  }

  /** The time of the log, in milliseconds since 1970: the newest time of all records so far. */
  get atMs(): number {
    return this.#atMs;
  }

  /** The time of the oldest record, or of the snapshot before it; undefined before the first record. */
  get beganMs(): number | undefined {
    return this.#beganMs;
  }

  /** Begins behind a snapshot; 0 without one. Call this before all other methods, once the snapshot is loaded. */
  beginAfter(sequence: Sequence): void {
    this.#applied = sequence;
    this.#atMs = this.#options.runs.newestMs;
    if (this.#atMs > 0) this.#beganMs = this.#atMs;
  }

  /** Notes that all records up to this one are lost. */
  lose(upTo: Sequence): void {
    this.#options.runs.lost(upTo - this.#applied);
    this.#applied = upTo;
  }

  /**
   * Takes the next message.
   *
   * @throws PharosError `newer-format` for a record of a newer version
   */
  async take({ sequence, payload }: StoredRecord): Promise<void> {
    const decoded = this.#foreign.unlessForeign(sequence, () => this.#decode(payload));
    if (decoded === undefined) this.#skip(sequence);
    else await this.#apply(sequence, decoded);
    this.#applied = sequence;
  }

  #decode(payload: Buffer): DecodedRecord {
    const head = decodeHead(payload);
    const pending = this.#options.sender.arrived(head);
    return { head, pending, items: pending?.map(({ item }) => item) ?? decodeRecord(payload).items };
  }

  async #apply(sequence: Sequence, { head, pending, items }: DecodedRecord): Promise<void> {
    const { runs, applier, sender } = this.#options;
    this.#atMs = Math.max(this.#atMs, head.atMs);
    this.#beganMs ??= this.#atMs;
    if (runs.accept({ ...head, atMs: this.#atMs })) {
      const sinceMs = pending?.[0]?.sinceMs;
      await applier.apply({ sequence, atMs: this.#atMs, items, sinceMs }, (index, ids) =>
        pending?.[index]?.applied(ids),
      );
      if (pending !== undefined) sender.applied();
    } else {
      this.#skip(sequence);
      if (pending !== undefined) sender.beginRun();
    }
  }

  #skip(sequence: Sequence): void {
    this.#options.history.skip({ from: offsetAt(sequence, 0), upTo: offsetAt(sequence + 1, 0) - 1 });
  }
}
