import { messageOf } from "../../../src/base/errors.js";
import { silentLogger } from "../../../src/base/log.js";
import type { DiskLogOptions } from "../../../src/journal/disk/disk-log.js";
import type { Log, LogFollower, Sequence, StoredRecord } from "../../../src/journal/log/log.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { chunksOf, collected } from "../log/log-site.js";
import { PowerCutFiles, type BrokenFiles, type Fault } from "./power-cut-files.js";
import { Random } from "../../support/random.js";

export type CreateLog = (options: DiskLogOptions) => Log;

interface PowerCutRunOptions {
  readonly seed: number;
  readonly createLog: CreateLog;
  readonly broken?: BrokenFiles;
}

/** What a run with power cuts has counted. */
export interface PowerCutCounts {
  cuts: number;
  acknowledged: number;
  /** Records that were there after a cut, though their appends were not acknowledged. */
  unacknowledged: number;
  faults: number;
}

/** A limit that no run reaches. */
const noTrim = 10_000_000;

const faults = ["short-write", "write-error", "sync-error"] as const satisfies readonly Fault[];

/**
 * Appends to a log and cuts the power, several times over. Returns a violation, or undefined: after each cut, every
 * acknowledged record, and every record that a follower got, must be there, at its number, unchanged and in order; every
 * complete snapshot too. Each record must be one that was appended, whole.
 */
async function runPowerCuts(
  options: PowerCutRunOptions,
  counts: PowerCutCounts,
): Promise<string | undefined> {
  const random = new Random(options.seed);
  const known = new Known(counts);
  const bytes = random.pick([8_000, 40_000, noTrim]);
  let files = new PowerCutFiles(random, options.broken);
  for (let round = 0; round < 3; round += 1) {
    const log = options.createLog({
      dir: "/journal",
      files,
      limits: { bytes },
      clock: new VirtualClock(),
      logger: silentLogger,
    });
    files.cutAfter(Infinity);
    const violation = (await failureOf(log.open())) ?? (await known.check(log, bytes < noTrim));
    if (violation !== undefined) return `seed ${options.seed}, after ${round} cuts: ${violation}`;
    files.cutAfter(random.below(150) + 1);
    await work(log, { files, random, known, counts });
    files = files.afterCut();
    counts.cuts += 1;
  }
  return undefined;
}

async function failureOf(opening: Promise<void>): Promise<string | undefined> {
  try {
    await opening;
    return undefined;
  } catch (error) {
    return `the log does not open: ${messageOf(error)}`;
  }
}

/** What the runs before have been told, and what later runs must find. */
class Known implements LogFollower {
  readonly #counts: PowerCutCounts;
  /** All texts that were ever appended. */
  readonly appended = new Set<string>();
  /** Records that are durable: acknowledged, or passed to a follower. */
  readonly #durable = new Map<Sequence, string>();
  readonly #snapshots = new Map<Sequence, string>();
  #secret: Buffer | undefined;
  #passed: Sequence = 0;
  /** Records up to this number may be missing. */
  #mayMiss: Sequence = 0;
  #problem: string | undefined;
  #isReplaying = false;

  constructor(counts: PowerCutCounts) {
    this.#counts = counts;
  }

  acknowledged(sequence: Sequence, text: string): void {
    this.#counts.acknowledged += 1;
    this.#note(sequence, text);
  }

  saved(sequence: Sequence, text: string): void {
    this.#snapshots.set(sequence, text);
  }

  take({ sequence, payload }: StoredRecord): void {
    const text = payload.toString("latin1");
    if (sequence <= this.#passed) this.#problem ??= `record ${sequence} came after ${this.#passed}`;
    this.#passed = sequence;
    if (!this.appended.has(text)) this.#problem ??= `record ${sequence} was never appended`;
    if (this.#isReplaying && !this.#durable.has(sequence)) this.#counts.unacknowledged += 1;
    this.#note(sequence, text);
  }

  lost(upTo: Sequence): void {
    for (let sequence = Math.max(this.#passed, this.#mayMiss) + 1; sequence <= upTo; sequence += 1)
      if (this.#durable.has(sequence)) this.#problem ??= `record ${sequence} is lost`;
    this.#passed = upTo;
  }

  down(): void {}

  restarted(): void {
    this.#problem ??= "the log restarted";
  }

  /** @param mayTrim true if the log may have removed records up to its oldest snapshot */
  async check(log: Log, mayTrim: boolean): Promise<string | undefined> {
    this.#mayMiss = mayTrim ? ((await log.snapshots())[0] ?? 0) : 0;
    const secret = await log.secret();
    if (this.#secret !== undefined && !secret.equals(this.#secret)) return "the secret has changed";
    this.#secret = Buffer.from(secret);
    this.#passed = 0;
    this.#isReplaying = true;
    await log.follow(0, this);
    this.#isReplaying = false;
    for (const sequence of this.#durable.keys())
      if (sequence > log.head) this.#problem ??= `record ${sequence} is behind the head ${log.head}`;
    return this.#problem ?? (await this.#checkSnapshots(log));
  }

  async #checkSnapshots(log: Log): Promise<string | undefined> {
    const found = await log.snapshots();
    for (const [sequence, text] of this.#snapshots) {
      if (!found.includes(sequence)) return `the snapshot ${sequence} is lost`;
      const chunks = await collected(log.loadSnapshot(sequence));
      if (Buffer.concat(chunks).toString("latin1") !== text) return `the snapshot ${sequence} has changed`;
    }
    return undefined;
  }

  #note(sequence: Sequence, text: string): void {
    const before = this.#durable.get(sequence);
    if (before !== undefined && before !== text) this.#problem ??= `record ${sequence} has changed`;
    this.#durable.set(sequence, text);
  }
}

interface Work {
  readonly files: PowerCutFiles;
  readonly random: Random;
  readonly known: Known;
  readonly counts: PowerCutCounts;
}

/** Appends, recovers and saves snapshots until the power is off. */
async function work(log: Log, { files, random, known, counts }: Work): Promise<void> {
  const burst = () => {
    const text = `${known.appended.size}:`.padEnd(1 + random.below(random.pick([40, 600, 3000])), "payload ");
    known.appended.add(text);
    return log.append(Buffer.from(text, "latin1")).then((sequence) => known.acknowledged(sequence, text));
  };
  while (!files.isOff) {
    if (random.chance(0.1)) {
      files.failNext(random.pick(faults));
      counts.faults += 1;
    }
    const appends = Array.from({ length: 1 + random.below(6) }, burst);
    for (let turns = random.below(12); turns > 0; turns -= 1) await Promise.resolve();
    if (random.chance(0.05)) await saveSnapshot(log, known);
    await Promise.allSettled(appends);
    if (log.state !== "up") await log.recover().catch(() => undefined);
  }
}

async function saveSnapshot(log: Log, known: Known): Promise<void> {
  const sequence = log.head;
  const text = `snapshot ${sequence} `.repeat(100);
  try {
    await log.saveSnapshot(sequence, chunksOf(Buffer.from(text)));
    known.saved(sequence, text);
  } catch {
    // The power is off, or the write failed: the snapshot may be there or not.
  }
}

export interface PowerCutRuns extends Omit<PowerCutRunOptions, "seed"> {
  readonly firstSeed: number;
  readonly seeds: number;
}

/** The first violation of all seeds, and what all runs have counted. */
export async function firstViolation({ firstSeed, seeds, ...options }: PowerCutRuns) {
  const counts: PowerCutCounts = { cuts: 0, acknowledged: 0, unacknowledged: 0, faults: 0 };
  let violation: string | undefined;
  for (let seed = firstSeed; seed < firstSeed + seeds && violation === undefined; seed += 1)
    violation = await runPowerCuts({ ...options, seed }, counts);
  return { violation, counts };
}
