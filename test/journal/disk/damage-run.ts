import { PharosError } from "../../../src/base/errors.js";
import { silentLogger } from "../../../src/base/log.js";
import type { Log, LogFollower, Sequence, StoredRecord } from "../../../src/journal/log/log.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { chunksOf, collected } from "../log/log-site.js";
import { PowerCutFiles } from "./power-cut-files.js";
import type { CreateLog } from "./power-cut-run.js";
import { Random } from "../../support/random.js";

/** What the damages have led to. */
export interface DamageCounts {
  damages: number;
  refused: number;
  lost: number;
  cut: number;
  unharmed: number;
}

export interface DamageRun {
  readonly seed: number;
  readonly damages: number;
  readonly createLog: CreateLog;
}

/** Damages a log this number of times. Returns the first problem: wrong data, or loss that was not told. */
export async function runDamages({ seed, damages, createLog }: DamageRun) {
  const random = new Random(seed);
  const counts: DamageCounts = { damages: 0, refused: 0, lost: 0, cut: 0, unharmed: 0 };
  const log = await DamagedLog.create(createLog, random);
  let problem: string | undefined;
  while (counts.damages < damages && problem === undefined) problem = await log.damage(random, counts);
  return { problem: problem && `damage ${counts.damages} of seed ${seed}: ${problem}`, counts };
}

/** A folder of a log, and what its records and snapshots are. */
class DamagedLog implements LogFollower {
  readonly #createLog: CreateLog;
  readonly #files: PowerCutFiles;
  readonly #texts = new Map<Sequence, string>();
  readonly #snapshot: { sequence: Sequence; text: string };
  #passed: Sequence = 0;
  #lost = 0;
  #problem: string | undefined;

  private constructor(createLog: CreateLog, files: PowerCutFiles, records: readonly string[]) {
    this.#createLog = createLog;
    this.#files = files;
    for (const [index, text] of records.entries()) this.#texts.set(index + 1, text);
    this.#snapshot = { sequence: 20, text: "snapshot ".repeat(50) };
  }

  /** A log of 60 records in several segments. */
  static async create(createLog: CreateLog, random: Random): Promise<DamagedLog> {
    const files = new PowerCutFiles(random);
    const records = Array.from({ length: 60 }, (_, index) =>
      `${index + 1}:`.padEnd(20 + random.below(900), "data "),
    );
    const damaged = new DamagedLog(createLog, files, records);
    const log = damaged.#log(files);
    await log.open();
    for (const text of records) await log.append(Buffer.from(text));
    await log.saveSnapshot(damaged.#snapshot.sequence, chunksOf(Buffer.from(damaged.#snapshot.text)));
    await log.close();
    return damaged;
  }

  /** Damages a copy of the folder, opens it and appends. Returns what went wrong, or undefined. */
  async damage(random: Random, counts: DamageCounts): Promise<string | undefined> {
    const copy = this.#files.copy();
    damageFiles(copy, random);
    counts.damages += 1;
    const log = this.#log(copy);
    try {
      await log.open();
    } catch (error) {
      counts.refused += 1;
      return error instanceof PharosError && error.code === "bad-config"
        ? undefined
        : `open failed: ${String(error)}`;
    }
    const problem = (await this.#check(log)) ?? (await this.#checkNext(log, copy));
    if (this.#lost > 0) counts.lost += 1;
    else if (log.head - 1 < this.#texts.size) counts.cut += 1;
    else counts.unharmed += 1;
    return problem;
  }

  take({ sequence, payload }: StoredRecord): void {
    if (sequence !== this.#passed + 1) this.#problem ??= `record ${sequence} came after ${this.#passed}`;
    this.#passed = sequence;
    if (payload.toString() !== this.#texts.get(sequence)) this.#problem ??= `record ${sequence} is wrong`;
  }

  lost(upTo: Sequence): void {
    if (upTo <= this.#passed) this.#problem ??= `told ${upTo} as lost after ${this.#passed}`;
    this.#lost += upTo - this.#passed;
    this.#passed = upTo;
  }

  down(): void {
    this.#problem ??= "the log is down";
  }

  restarted(): void {
    this.#problem ??= "the log restarted";
  }

  #log(files: PowerCutFiles): Log {
    const limits = { bytes: 100_000 };
    return this.#createLog({
      dir: "/journal",
      files,
      limits,
      clock: new VirtualClock(),
      logger: silentLogger,
    });
  }

  async #check(log: Log): Promise<string | undefined> {
    this.#passed = 0;
    this.#lost = 0;
    this.#problem = undefined;
    await log.follow(0, this);
    if (this.#passed !== log.head) this.#problem ??= `told up to ${this.#passed}, not ${log.head}`;
    for (const { sequence, payload } of await log.read(0, Infinity))
      if (payload.toString() !== this.#texts.get(sequence))
        this.#problem ??= `record ${sequence} reads wrong`;
    for (const sequence of await log.snapshots())
      if (!(await this.#isRightOrRefused(log, sequence)))
        this.#problem ??= `the snapshot ${sequence} is wrong`;
    return this.#problem;
  }

  async #isRightOrRefused(log: Log, sequence: Sequence): Promise<boolean> {
    try {
      return Buffer.concat(await collected(log.loadSnapshot(sequence))).toString() === this.#snapshot.text;
    } catch (error) {
      return error instanceof PharosError;
    }
  }

  /** What is appended after the damage is there after the next start. */
  async #checkNext(log: Log, files: PowerCutFiles): Promise<string | undefined> {
    const sequence = await log.append(Buffer.from("next"));
    await log.close();
    const again = this.#log(files);
    await again.open();
    const [record] = await again.read(sequence - 1, 1);
    await again.close();
    return record?.sequence === sequence && record.payload.toString() === "next"
      ? undefined
      : `the record ${sequence} after the damage is gone`;
  }
}

/** Damages one to three files. */
function damageFiles(files: PowerCutFiles, random: Random): void {
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const segments = files.names.filter((name) => name !== "secret" || random.chance(0.02));
    const name = segments[random.below(segments.length)] ?? "secret";
    files.put(name, damaged(files.content(name), random));
  }
}

/** Some damage: flipped bits, zeros, random bytes, a torn end, bytes that were cut out, doubled or moved. */
function damaged(content: Buffer, random: Random): Buffer {
  const from = random.below(content.length);
  const to = Math.min(content.length, from + 1 + random.below(random.pick([4, 100, 1024, 5000])));
  const part = content.subarray(from, to);
  const other = random.below(content.length);
  switch (random.below(7)) {
    case 0:
      content[from] = (content[from] ?? 0) ^ (1 << random.below(8));
      return content;
    case 1:
      part.fill(0);
      return content;
    case 2:
      for (const index of part.keys()) part[index] = random.below(256);
      return content;
    case 3:
      return content.subarray(0, from);
    case 4:
      return Buffer.concat([content.subarray(0, from), content.subarray(to)]);
    case 5:
      return Buffer.concat([content.subarray(0, other), part, content.subarray(other)]);
    default:
      Buffer.from(part).copy(content, other);
      return content;
  }
}
