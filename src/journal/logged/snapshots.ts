import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Log, Sequence } from "../log/log.js";
import type { SnapshotPart } from "../snapshot-part.js";

/** A chunk of a snapshot is sent when it has this many characters. */
const chunkLength = 64 * 1024;

/** The time for a snapshot in each turn of the event loop, in milliseconds. */
const turnMs = 5;

/**
 * The smallest growth of the log between two snapshots, in bytes. 64 MiB of log are replayed in less than a second, and
 * an ordinary snapshot of 10 MB then adds a sixth to what the disk writes.
 */
const leastGrowthBytes = 64 * 1024 * 1024;

export interface SnapshotsOptions {
  readonly log: Pick<
    Log,
    "snapshots" | "saveSnapshot" | "loadSnapshot" | "removeSnapshot" | "bytesAfter" | "first"
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A start replays at least this many bytes of log, if the log has them, to fill the history in memory. */
  readonly replayBytes: number;
}

/**
 * Saves and loads the state that the records of the log have led to. Without snapshots, a start would have to read the
 * whole log, and the log could never remove a record.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #parts: SnapshotPart[] = [];
  #lastBytes = 0;
  #last: Sequence = 0;
  #saving: Promise<void> | undefined;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Adds a part. Call this before {@link load}. */
  add(part: SnapshotPart): void {
    this.#parts.push(part);
  }

  /**
   * Loads the newest snapshot that is old enough, as {@link #isEnough} says: the records after it fill the history in
   * memory. If none is old enough, loads the oldest. A damaged snapshot is logged, and the next older one is loaded, which only takes longer.
   *
   * @returns the record after which the replay has to begin; 0 without a snapshot
   */
  async load(): Promise<Sequence> {
    const { log, logger } = this.#options;
    const all = await log.snapshots();
    this.#last = all.at(-1) ?? 0;
    const chosen = Math.max(
      0,
      all.findLastIndex((sequence) => this.#isEnough(sequence)),
    );
    for (const sequence of [...all.slice(0, chosen + 1).toReversed(), ...all.slice(chosen + 1)]) {
      try {
        for await (const chunk of log.loadSnapshot(sequence)) void chunk;
      } catch (error) {
        logger.error(
          { error, snapshot: sequence },
          "a snapshot of the journal is damaged; another one is used",
        );
        continue;
      }
      await this.#load(sequence);
      return sequence;
    }
    return 0;
  }

  /**
   * Saves a snapshot in the background if the log has grown enough since the last one, or if the last one lies before a
   * record that is old: without a snapshot behind its old records, the log cannot remove them. Call this between two
   * records.
   *
   * @param applied the last applied record
   * @param old the last record that is old
   */
  saveIfDue(applied: Sequence, old: Sequence): void {
    const grownBytes = this.#options.log.bytesAfter(this.#last);
    if (old <= this.#last && grownBytes < Math.max(leastGrowthBytes, this.#lastBytes)) return;
    this.#inBackground(() => this.#save(applied), "the journal could not save a snapshot");
  }

  /** Removes, in the background, the snapshots that a start does not need. */
  removeUnneeded(): void {
    this.#inBackground(() => this.#removeOld(), "the journal could not remove a snapshot");
  }

  /** Resolves when no snapshot is being saved. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  #inBackground(work: () => Promise<void>, failure: string): void {
    this.#saving ??= work()
      .catch((error: unknown) => this.#options.logger.error({ error }, failure))
      .finally(() => (this.#saving = undefined));
  }

  /** True if a start with this snapshot replays enough: as much as memory holds, or all that has not expired. */
  #isEnough(sequence: Sequence): boolean {
    const { log, replayBytes } = this.#options;
    return log.bytesAfter(sequence) >= replayBytes || sequence < log.first;
  }

  async #load(sequence: Sequence): Promise<void> {
    const byName = new Map(this.#parts.map((part) => [part.name, part]));
    for await (const chunk of this.#options.log.loadSnapshot(sequence))
      for (const line of chunk.toString().split("\n")) if (line !== "") loadLine(line, byName);
  }

  async #save(sequence: Sequence): Promise<void> {
    const { log } = this.#options;
    this.#last = sequence;
    this.#lastBytes = 0;
    // Called in this turn, so that a part can save the state as it is now.
    const parts = this.#parts.map((part) => ({ name: part.name, items: part.save() }));
    await log.saveSnapshot(sequence, this.#chunksOf(parts));
    await this.#removeOld();
  }

  /** Each chunk is whole lines, one line for each item. */
  async *#chunksOf(parts: readonly SavedPart[]): AsyncGenerator<Buffer, void> {
    const budget = new TurnBudget(this.#options.clock, turnMs);
    let text = "";
    for (const { name, items } of parts)
      for (const item of items) {
        while (budget.isUsedUp()) await budget.pauseIfUsedUp();
        text += `${JSON.stringify([name, item])}\n`;
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
    const kept = all.findLastIndex((sequence) => this.#isEnough(sequence));
    for (const sequence of all.slice(0, Math.max(0, kept))) await log.removeSnapshot(sequence);
  }
}

interface SavedPart {
  readonly name: string;
  readonly items: Iterable<unknown>;
}

function loadLine(line: string, parts: ReadonlyMap<string, SnapshotPart>): void {
  const [name, item] = parseLine(line);
  const part = parts.get(name);
  // A part of a newer version, or of a protocol that is switched off.
  part?.load(item);
}

function parseLine(line: string): readonly [name: string, item: unknown] {
  const parsed: unknown = JSON.parse(line);
  if (Array.isArray(parsed) && parsed.length === 2 && typeof parsed[0] === "string")
    return [parsed[0], parsed[1]];
  throw new PharosError("bad-snapshot", "a line of a snapshot is damaged");
}
