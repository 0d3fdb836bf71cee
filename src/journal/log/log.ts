/**
 * A record's number in its log. The first record of a log has the number 1; each later record has a larger number. A
 * log may leave numbers out.
 */
export type Sequence = number;

/** A record that the log has stored: it survives a crash of the hub, and on the engine's terms a loss of power. */
export interface StoredRecord {
  readonly sequence: Sequence;
  readonly payload: Buffer;
}

/** Receives the records of a log, in order of sequence. */
export interface LogFollower {
  /**
   * Takes the next record. The log passes a record only when the record is durable. If the result is a promise, the
   * log waits for the promise before it passes the next record.
   */
  take(record: StoredRecord): void | Promise<void>;
  /** Called in place of records that are damaged, or that the log no longer holds: all records up to this number. */
  lost(upTo: Sequence): void;
  /**
   * Called each time the log leaves the state `up`, also while no append is under way. The caller calls {@link
   * Log.recover}, as after a rejected append.
   */
  down(): void;
  /**
   * Called when the log no longer continues the records that the follower took: the engine lost its newest records, was
   * emptied or restored from a backup, or it has removed records that the follower did not take yet. Numbers may stand
   * for other records now. The log passes nothing more. The caller closes the log, and begins anew with another one.
   * A log that one hub alone writes never calls this.
   */
  restarted(): void;
}

/**
 * - `starting`: the log is not open yet
 * - `up`: the log stores records
 * - `full`: the store has no space; the log stores nothing, and may be `up` again later
 * - `unreachable`: the engine does not respond, or the store returns errors
 */
export const logStates = ["starting", "up", "full", "unreachable"] as const;
export type LogState = (typeof logStates)[number];

/** What a log reports of itself. */
export interface LogFigures {
  /** The bytes of all stored records. */
  readonly bytes: number;
  /** The files, or parts, in which the records are stored. */
  readonly segments: number;
}

/**
 * An ordered store of records, on disk or on an engine. The log knows nothing of publications: a record is bytes. One
 * caller uses the log: it appends records, follows them, and reads older ones.
 */
export interface Log {
  readonly state: LogState;
  readonly figures: LogFigures;
  /** True if other hubs may append to the log too. */
  readonly isShared: boolean;
  /** The largest size of a record, in bytes. */
  readonly maxRecordBytes: number;
  /** The number of the oldest stored record that is not {@link expire expired}; `head + 1` if the log holds none. */
  readonly first: Sequence;
  /** The number of the newest stored record; 0 if there was none yet. */
  readonly head: Sequence;
  /**
   * Opens the log, and creates the log if there is none. Repairs what a crash has left.
   *
   * @throws PharosError `bad-config` with a sentence for the operator, for instance if another hub has the log open
   */
  open(): Promise<void>;
  /**
   * A secret of 32 random bytes. The log creates the secret once and keeps it with the records. Call this after {@link
   * open}.
   */
  secret(): Promise<Buffer>;
  /**
   * Passes all records after `after` to the follower, in order, and then each new record as soon as it is durable. Call
   * this once, after {@link open}. The promise resolves when the follower
   * has all records up to the {@link head} at the time of the call.
   */
  follow(after: Sequence, follower: LogFollower): Promise<void>;
  /**
   * Appends a record. The caller need not wait for one call before the next; records keep the order of the calls. The
   * promise resolves when the record is durable; the follower gets the record too, before or after. The promise rejects
   * if the record could not be stored, or if it is unknown whether it was stored. Then all calls after it reject too,
   * until {@link recover} has resolved. The promise of a call never stays open while {@link state} is not `up`.
   *
   * An engine may store a rejected record later, even after newer ones. So each record must tell its readers whether
   * they have it already.
   *
   * @param payload at least 1 byte, at most {@link maxRecordBytes}; any other size rejects with `too-large`, and the log
   *   goes on
   */
  append(payload: Buffer): Promise<Sequence>;
  /**
   * Makes the log ready for {@link append} again after a rejection. When the promise resolves, the follower has all
   * records that the log has stored, and {@link state} is `up`. Rejects if the log cannot store records yet; call again
   * later.
   */
  recover(): Promise<void>;
  /**
   * The number of the newest record, also of those that other hubs appended and the follower has not taken yet. A log on
   * an engine asks the engine, at most once each 100 ms for all callers. Rejects if the engine does not respond.
   */
  latest(): Promise<Sequence>;
  /**
   * Reads records after `after`, oldest first: at least one if there is one, and not more than `maxBytes` together
   * otherwise. Records that are damaged, expired or no longer stored are left out: compare with {@link first}.
   */
  read(after: Sequence, maxBytes: number): Promise<readonly StoredRecord[]>;
  /**
   * Says that the caller needs no record up to this one any more. {@link first} lies behind them at once. The log
   * removes them when the oldest snapshot lies behind them too; a log in files removes whole files. Never rejects. A log
   * that is opened again does not know what has expired.
   */
  expire(upTo: Sequence): Promise<void>;
  /** An estimate of the bytes of all records after `after`. */
  bytesAfter(after: Sequence): number;
  /** The complete snapshots, oldest first, by the record after which a replay must begin. */
  snapshots(): Promise<readonly Sequence[]>;
  /**
   * Stores a snapshot of what records up to `sequence` have led to. The snapshot counts only once all its chunks are
   * durable. The log never removes a record that follows the oldest snapshot. While there is no snapshot, the log
   * removes no record. A chunk has at least 1 byte and at most {@link maxRecordBytes}.
   */
  saveSnapshot(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void>;
  /**
   * The chunks of a snapshot, as they were saved.
   *
   * @throws PharosError `bad-snapshot` if the snapshot is damaged or missing. Any other error says nothing of the
   *   snapshot: the log cannot read it now
   */
  loadSnapshot(sequence: Sequence): AsyncIterable<Buffer>;
  removeSnapshot(sequence: Sequence): Promise<void>;
  /** Stores or rejects what was appended, and closes. Safe to call twice. */
  close(): Promise<void>;
}

/** Limits on a log. Above them, the log removes its oldest records. */
export interface LogLimits {
  readonly bytes: number;
}
