import type { Clock } from "../../base/clock.js";
import { messageOf, PharosError } from "../../base/errors.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { LogLimits, Sequence } from "../log/log.js";
import type { DiskFiles, HeldFolder } from "./files/files.js";
import { LogCursor, type DamagedRange } from "./log-cursor.js";
import { openFolder, type OpenedFolder } from "./open-folder.js";
import { SegmentWriter } from "./segment-writer.js";

const MiB = 1024 * 1024;

/** A smaller segment is removed sooner; a larger one costs fewer files. */
const mostSegmentBytes = 64 * MiB;

/** A log is trimmed in steps of an eighth at most. */
const leastSegments = 8;

export interface DiskStoreOptions {
  readonly dir: string;
  readonly limits: LogLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: DiskFiles;
}

/** The folder of a log, held by this process. One caller writes, and waits for each write before the next. */
export class DiskStore {
  readonly #options: DiskStoreOptions;
  readonly #held: HeldFolder;
  readonly #folder: OpenedFolder;
  readonly #segmentBytes: number;
  readonly #reportDamage: LimitedLog;
  /** Undefined before the first {@link begin}, and after a failure. */
  #writer: SegmentWriter | undefined;
  #endsSegment = false;
  #expired: Sequence = 0;

  private constructor(options: DiskStoreOptions, held: HeldFolder, folder: OpenedFolder) {
    this.#options = options;
    this.#held = held;
    this.#folder = folder;
    this.#segmentBytes = Math.min(mostSegmentBytes, Math.ceil(options.limits.bytes / leastSegments));
    this.#reportDamage = limitedLog({ ...options, periodMs: 60_000, lines: 20 });
  }

  /** @throws PharosError `bad-config` if the folder cannot be used */
  static async open(options: DiskStoreOptions): Promise<DiskStore> {
    const { files, dir } = options;
    let held: HeldFolder | undefined;
    try {
      await files.createFolder(dir);
      held = await files.hold(dir);
      return new DiskStore(options, held, await openFolder(options));
    } catch (error) {
      await held?.release();
      if (error instanceof PharosError) throw error;
      const why = `cannot use the folder ${dir} for the journal: ${messageOf(error)}`;
      throw new PharosError("bad-config", why, { cause: error });
    }
  }

  get secret(): Buffer {
    return this.#folder.secret;
  }

  /** The last record that nobody reads any more. */
  get expired(): Sequence {
    return this.#expired;
  }

  get segments(): OpenedFolder["segments"] {
    return this.#folder.segments;
  }

  get snapshots(): OpenedFolder["snapshots"] {
    return this.#folder.snapshots;
  }

  /**
   * Goes on in the last segment, if it ends with a whole record. Else begins a new one. Call this once, before the first
   * write. Without it, each start would leave a file behind.
   */
  async resume(): Promise<void> {
    const { segments, isWhole } = this.#folder;
    const last = segments.all.at(-1);
    if (!isWhole || last?.key === undefined) return this.begin();
    this.#writer = await SegmentWriter.resume(this.#options.files, last, last.key);
    await this.trim();
  }

  /**
   * Begins a new segment for the next records. Each recovery begins one: the log never writes to a file again after a
   * failure, because nobody knows what the file has behind the last durable record.
   */
  async begin(): Promise<void> {
    await this.#beginSegment();
    await this.trim();
  }

  /** Stores records, and returns the number of the first. After a rejection, call {@link begin}. */
  async write(payloads: readonly Buffer[]): Promise<Sequence> {
    const { segments } = this.#folder;
    const writer = await this.#roomyWriter();
    const first = segments.head + 1;
    await writer.write(first, payloads);
    writer.count(first, payloads);
    segments.head += payloads.length;
    return first;
  }

  /** A cursor over the records after `after`. The caller closes the cursor. */
  cursor(after: Sequence, chunkBytes = MiB): LogCursor {
    const onDamage = (range: DamagedRange) =>
      this.#reportDamage(
        { ...range },
        "records of the journal are damaged or missing; readers are told a gap",
      );
    const { files } = this.#options;
    return new LogCursor({ files, segments: this.segments, after, onDamage, chunkBytes });
  }

  /**
   * Stores a snapshot. The records after this call go to a new segment: the segments before can be removed as soon as
   * nobody needs the records before the snapshot.
   */
  async saveSnapshot(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    this.#endsSegment = true;
    await this.snapshots.save(sequence, chunks);
    await this.trim();
  }

  /** As {@link Log.expire}. Call {@link begin} before, if all records have expired: the last segment stays. */
  async expire(upTo: Sequence): Promise<void> {
    this.#expired = Math.max(this.#expired, upTo);
    await this.trim();
  }

  /** Removes the oldest segments that have expired or are above the limit, if the oldest snapshot does not need them. */
  async trim(): Promise<void> {
    const { files, dir, limits, logger } = this.#options;
    const needed = this.snapshots.sequences[0] ?? 0;
    const trimmed = this.segments.trim({ mostBytes: limits.bytes, expired: this.#expired, needed });
    if (trimmed.length === 0) return;
    try {
      for (const { path } of trimmed) await files.remove(path);
      await files.syncFolder(dir);
    } catch (error) {
      logger.warn({ dir, error: messageOf(error) }, "cannot remove an old file of the journal");
    }
  }

  async close(): Promise<void> {
    await this.#dropWriter();
    await this.#held.release();
  }

  /** The writer of the last segment, or of a new one if the last is full or ends here. */
  async #roomyWriter(): Promise<SegmentWriter> {
    const writer = this.#writer;
    if (writer !== undefined && writer.segment.bytes < this.#segmentBytes && !this.#endsSegment)
      return writer;
    const next = await this.#beginSegment();
    await this.trim();
    return next;
  }

  async #beginSegment(): Promise<SegmentWriter> {
    const { files, dir } = this.#options;
    const { journal, segments } = this.#folder;
    await this.#dropWriter();
    const first = segments.head + 1;
    const writer = await SegmentWriter.create({ files, dir, journal, first });
    segments.add(writer.segment);
    this.#writer = writer;
    this.#endsSegment = false;
    return writer;
  }

  async #dropWriter(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch((error: unknown) => {
      this.#options.logger.warn({ error: messageOf(error) }, "cannot close a file of the journal");
    });
  }
}
