import type { Clock } from "../../base/clock.js";
import { messageOf, PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Log, Sequence } from "../log/log.js";
import { encodeSnapshotLine, parseSnapshotLine } from "../snapshot-line.js";
import type { SnapshotPart } from "../snapshot-part.js";
import { MemoryFill } from "../memory-fill.js";
import type { StartAttempts } from "./starting/start-attempts.js";

/** A chunk of a snapshot is sent when it has this many characters. */
const chunkLength = 64 * 1024;

/** The time for a snapshot in each turn of the event loop, in milliseconds. */
const turnMs = 5;

/**
 * The smallest growth between two snapshots, in bytes: of the log, or of the memory of its entries, which is what the time
 * of a replay depends on. With publications of 200 bytes, this is 24 MiB of log, and an ordinary snapshot of 10 MB then
 * adds less than a half to what the disk writes.
 */
const leastGrowthBytes = 64 * 1024 * 1024;

/**
 * The memory that a start fills, if the history in memory may be that large, in bytes. Together with the growth since the
 * snapshot, a start replays up to 128 MiB: 210,000 publications of 200 bytes. At 17 µs each, this is less than 4 seconds of
 * CPU time. Readers that need older entries read the log.
 */
const startFillBytes = 64 * 1024 * 1024;

export interface SnapshotsOptions {
  readonly log: Pick<
    Log,
    "snapshots" | "saveSnapshot" | "loadSnapshot" | "removeSnapshot" | "bytesAfter" | "first"
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly attempts: StartAttempts;
  /** The size of the history in memory, in bytes. */
  readonly replayBytes: number;
}

/**
 * Saves and loads the state that the records of the log have led to. Without snapshots, a start would have to read the
 * whole log, and the log could never remove a record.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** The first part, so that it is in the first chunk of a snapshot. */
  readonly filled = new MemoryFill();
  readonly #parts: SnapshotPart[] = [this.filled];
  /** The memory of all entries before each snapshot, where it is known: another hub may have saved the snapshot. */
  readonly #filledAt = new Map<Sequence, number>();
  #lastBytes = 0;
  #last: Sequence = 0;
  #saving: Promise<void> | undefined;
  #copying: Promise<void> | undefined;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Adds a part. Call this before {@link load}. */
  add(part: SnapshotPart): void {
    this.#parts.push(part);
  }

  /**
   * Loads the newest snapshot that is old enough, as {@link #lastEnough} says: the records after it fill the history in
   * memory. If none is old enough, loads the oldest. A damaged snapshot is logged, and the next older one is loaded,
   * which only takes longer. While the log does not respond, this tries again.
   *
   * @returns the record after which the replay has to begin; 0 without a snapshot
   */
  async load(): Promise<Sequence> {
    const { log, attempts } = this.#options;
    const all = await attempts.until(() => log.snapshots());
    this.#last = all.at(-1) ?? 0;
    for (const sequence of all) await this.#readFilled(sequence);
    const filledBytes = (this.#filledAt.get(this.#last) ?? 0) + log.bytesAfter(this.#last);
    const chosen = this.#lastEnough(all, filledBytes);
    for (const sequence of [...all.slice(0, chosen + 1).toReversed(), ...all.slice(chosen + 1)]) {
      const chunks = await attempts.until(() => this.#read(sequence));
      if (chunks === undefined) continue;
      await this.#load(chunks);
      return sequence;
    }
    return 0;
  }

  /**
   * Saves a snapshot in the background if the log, or the memory of its entries, has grown enough since the last one, or if
   * the last one lies before a record that is old: without a snapshot behind its old records, the log cannot remove them.
   * Call this between two records.
   *
   * @param applied the last applied record
   * @param old the last record that is old
   */
  saveIfDue(applied: Sequence, old: Sequence): void {
    if (old <= this.#last && !this.#hasGrown()) return;
    this.#inBackground(() => this.#save(applied), "the journal could not save a snapshot");
  }

  /** Removes, in the background, the snapshots that a start does not need. */
  removeUnneeded(): void {
    this.#inBackground(() => this.#removeOld(), "the journal could not remove a snapshot");
  }

  /** Undefined unless a snapshot is being copied. The next record must wait for it. Never rejects. */
  get copied(): Promise<void> | undefined {
    return this.#copying;
  }

  /** Resolves when no snapshot is being saved. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  #hasGrown(): boolean {
    const logBytes = this.#options.log.bytesAfter(this.#last);
    const filledBytes = this.filled.bytes - (this.#filledAt.get(this.#last) ?? 0);
    return Math.max(logBytes, filledBytes) >= leastGrowthBytes && logBytes >= this.#lastBytes;
  }

  #inBackground(work: () => Promise<void>, failure: string): void {
    this.#saving ??= work()
      .catch((error: unknown) => this.#options.logger.error({ error }, failure))
      .finally(() => (this.#saving = undefined));
  }

  /**
   * The index of the newest snapshot with which a start replays enough: {@link startFillBytes}, as much as memory holds, or
   * all that has not expired; else 0.
   *
   * @param filledBytes the memory of all entries so far
   */
  #lastEnough(all: readonly Sequence[], filledBytes: number): number {
    const { log, replayBytes } = this.#options;
    const enoughBytes = Math.min(replayBytes, startFillBytes);
    const isEnough = (sequence: Sequence): boolean => {
      const filled = filledBytes - (this.#filledAt.get(sequence) ?? filledBytes);
      return Math.max(filled, log.bytesAfter(sequence)) >= enoughBytes || sequence < log.first;
    };
    return Math.max(0, all.findLastIndex(isEnough));
  }

  /**
   * Notes the memory of all entries before a snapshot, which stands in its first line. Does nothing for a damaged
   * snapshot: its load reports it.
   */
  async #readFilled(sequence: Sequence): Promise<void> {
    const filled = new MemoryFill();
    try {
      const chunk = await this.#options.attempts.until(() =>
        firstOf(this.#options.log.loadSnapshot(sequence)),
      );
      const [line = ""] = chunk.toString().split("\n", 1);
      const [part, item] = parseSnapshotLine(line);
      if (part !== filled.name) return;
      filled.load(item);
      this.#filledAt.set(sequence, filled.bytes);
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }

  /** All chunks of a snapshot, because no part may load half of it. Undefined if the snapshot is damaged. */
  async #read(sequence: Sequence): Promise<Buffer[] | undefined> {
    const { log, logger } = this.#options;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of log.loadSnapshot(sequence)) chunks.push(chunk);
      return chunks;
    } catch (error) {
      if (!isDamage(error)) throw error;
      const fields = { snapshot: sequence, reason: messageOf(error) };
      logger.error(fields, "a snapshot of the journal is damaged; another one is used");
      return undefined;
    }
  }

  async #load(chunks: Buffer[]): Promise<void> {
    const byName = new Map(this.#parts.map((part) => [part.name, part]));
    const budget = new TurnBudget(this.#options.clock, turnMs);
    for (const chunk of chunks.splice(0)) {
      while (budget.isUsedUp()) await budget.pauseIfUsedUp();
      for (const line of chunk.toString().split("\n")) if (line !== "") loadLine(line, byName);
    }
  }

  async #save(sequence: Sequence): Promise<void> {
    const { log } = this.#options;
    this.#last = sequence;
    this.#lastBytes = 0;
    this.#filledAt.set(sequence, this.filled.bytes);
    const parts: SavedPart[] = [];
    const copying = this.#copyTo(parts);
    this.#copying = Promise.allSettled([copying]).then(() => (this.#copying = undefined));
    await copying;
    await log.saveSnapshot(sequence, this.#chunksOf(parts));
    await this.#removeOld();
  }

  /** Copies references to all items. A large state takes several turns of the event loop. */
  async #copyTo(copied: SavedPart[]): Promise<void> {
    const budget = new TurnBudget(this.#options.clock, turnMs);
    for (const part of this.#parts) {
      while (budget.isUsedUp()) await budget.pauseIfUsedUp();
      const saved = part.save();
      const items = "inSteps" in saved ? await budget.run(saved.inSteps) : saved;
      copied.push({ name: part.name, items });
    }
  }

  /** Each chunk is whole lines, one line for each item. */
  async *#chunksOf(parts: readonly SavedPart[]): AsyncGenerator<Buffer, void> {
    const budget = new TurnBudget(this.#options.clock, turnMs);
    let text = "";
    for (const { name, items } of parts)
      for (const item of items) {
        while (budget.isUsedUp()) await budget.pauseIfUsedUp();
        text += encodeSnapshotLine(name, item);
        if (text.length < chunkLength) continue;
        yield this.#chunkOf(text);
        text = "";
      }
    if (text !== "") yield this.#chunkOf(text);
  }

  #chunkOf(text: string): Buffer {
    const chunk = Buffer.from(text);
    this.#lastBytes += chunk.length;
    return chunk;
  }

  /** Keeps the snapshot that a start would load, and all newer ones. */
  async #removeOld(): Promise<void> {
    const { log } = this.#options;
    const all = await log.snapshots();
    const unneeded = all.slice(0, this.#lastEnough(all, this.filled.bytes));
    for (const sequence of unneeded) await log.removeSnapshot(sequence);
    const kept = new Set(all.slice(unneeded.length));
    for (const sequence of this.#filledAt.keys()) if (!kept.has(sequence)) this.#filledAt.delete(sequence);
  }
}

interface SavedPart {
  readonly name: string;
  readonly items: Iterable<unknown>;
}

function loadLine(line: string, parts: ReadonlyMap<string, SnapshotPart>): void {
  const [name, item] = parseSnapshotLine(line);
  const part = parts.get(name);
  // A part of a newer version, or of a protocol that is switched off.
  part?.load(item);
}

async function firstOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const chunk of chunks) return chunk;
  throw new PharosError("bad-snapshot", "a snapshot has no content");
}

/** Any other error says nothing of the snapshot. */
function isDamage(error: unknown): boolean {
  return error instanceof PharosError && error.code === "bad-snapshot";
}
