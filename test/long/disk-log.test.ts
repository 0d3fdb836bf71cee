import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { systemClock } from "../../src/app/system-clock.js";
import { silentLogger } from "../../src/base/log.js";
import { DiskLog } from "../../src/journal/disk/disk-log.js";
import type { LogFollower } from "../../src/journal/log/log.js";
import { runDamages } from "../journal/disk/damage-run.js";
import { compiledProgram } from "../journal/disk/holder.js";
import { firstViolation } from "../journal/disk/power-cut-run.js";
import { scratchFolder } from "../journal/disk/scratch-folder.js";
import { RecordingFollower } from "../journal/log/recording-follower.js";
import { simultaneousStarts } from "../journal/disk/simultaneous-starts.js";
import { median, printFigures } from "../support/load/figures.js";

const createLog = (options: ConstructorParameters<typeof DiskLog>[0]) => new DiskLog(options);
const MiB = 1024 * 1024;

test("10,000 power cuts lose no acknowledged record", async () => {
  const { violation, counts } = await firstViolation({ firstSeed: 10_001, seeds: 3334, createLog });
  printFigures("power cuts", [JSON.stringify(counts)]);
  expect(violation).toBeUndefined();
  expect(counts.cuts).toBeGreaterThan(10_000);
});

test("10,000 random damages are told or cut", async () => {
  const { problem, counts } = await runDamages({ seed: 12, damages: 10_000, createLog });
  printFigures("damages", [JSON.stringify(counts)]);
  expect(problem).toBeUndefined();
});

test("exactly one of 100 pairs of simultaneous starts wins, each after a kill", async () => {
  const { winners, refusals } = await simultaneousStarts(100);
  expect(winners).toEqual(winners.map(() => 1));
  printFigures("simultaneous starts", [`${winners.length} pairs, one winner each`]);
  expect(refusals.size).toBe(1);
});

test("200 starts, each ended by a kill, leave few files and lose nothing", async () => {
  const folder = scratchFolder();
  const program = compiledProgram(folder, "log-writer");
  const dir = join(folder, "journal");
  const stored = new Map<number, string>();
  for (let start = 0; start < 200; start += 1)
    for (const [sequence, text] of await killedWriter(program, dir)) stored.set(sequence, text);
  const segments = readdirSync(dir).filter((name) => name.endsWith(".segment"));
  const log = await openLog(dir);
  const follower = new RecordingFollower();
  await log.follow(0, follower);
  await log.close();
  printFigures("kills", [`${segments.length} files, ${stored.size} records after 200 kills`]);
  expect(follower.losses).toEqual([]);
  const found = new Map(follower.records);
  for (const [sequence, text] of stored) expect(found.get(sequence)).toBe(text);
  expect(stored.size).toBeGreaterThanOrEqual(200);
  expect(segments.length).toBeLessThanOrEqual(5);
});

/** The records that a process has stored before it is killed: a few. */
async function killedWriter(program: string, dir: string): Promise<readonly (readonly [number, string])[]> {
  const writer = spawn(process.execPath, [program, dir], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    lines.push(line);
    if (lines.length === 3) writer.kill("SIGKILL");
  }
  return lines.map((line) => {
    const [sequence = "", text = ""] = line.split(" ");
    return [Number(sequence), text];
  });
}

async function openLog(dir: string): Promise<DiskLog> {
  const limits = { bytes: 2048 * MiB };
  const log = new DiskLog({ dir, limits, clock: systemClock, logger: silentLogger });
  await log.open();
  return log;
}

/** A follower that counts the records. */
function countingFollower(): LogFollower & { count: number } {
  const ignored = () => undefined;
  return {
    count: 0,
    take() {
      this.count += 1;
    },
    lost: ignored,
    down: ignored,
    restarted: ignored,
  };
}

test("the start with 1 GiB reads only what the follower wants", async () => {
  const dir = join(scratchFolder(), "journal");
  const log = await openLog(dir);
  const record = Buffer.alloc(64 * 1024, "x");
  const records = (1024 * MiB) / record.length;
  for (let done = 0; done < records; done += 64)
    await Promise.all(Array.from({ length: 64 }, () => log.append(record)));
  await log.close();
  const startedMs = performance.now();
  const again = await openLog(dir);
  const openedMs = performance.now();
  const follower = countingFollower();
  await again.follow((records * 3) / 4, follower);
  const followedMs = performance.now();
  printFigures("start with 1 GiB", [
    `open ${(openedMs - startedMs).toFixed(0)} ms, the last 256 MiB ${(followedMs - openedMs).toFixed(0)} ms`,
  ]);
  expect([follower.count, again.head]).toEqual([records / 4, records]);
  await again.close();
});

/** The size of a publication in a record. */
const publicationBytes = 200;

test("appends share writes, and a lone append costs little more than a write and a sync", async () => {
  const dir = join(scratchFolder(), "journal");
  const log = await openLog(dir);
  await log.follow(0, countingFollower());
  const perTurn = await publicationsPerSecond(log);
  const times = { bare: [] as number[], log: [] as number[] };
  const bare = await open(join(dir, "..", "bare"), "w");
  const publication = Buffer.alloc(publicationBytes, "x");
  for (let count = 0, at = 0; count < 3000; count += 1, at += publicationBytes) {
    await timed(times.bare, async () => {
      await bare.write(publication, 0, publicationBytes, at);
      await bare.datasync();
    });
    await timed(times.log, () => log.append(publication));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bare.close();
  await log.close();
  rmSync(dir, { recursive: true });
  printFigures("appends", [
    `${Math.round(perTurn)} publications/s of ${publicationBytes} bytes, 100 in a record`,
    `p50 of a write and a sync: ${median(times.bare).toFixed(2)} ms; of an append: ${median(times.log).toFixed(2)} ms`,
  ]);
  expect(perTurn).toBeGreaterThan(50_000);
  expect(median(times.log)).toBeLessThan(2 * median(times.bare) + 1);
});

/** Each turn of the event loop appends one record with 100 publications, while at most 64 records wait. */
async function publicationsPerSecond(log: DiskLog): Promise<number> {
  const publications = 100;
  const record = Buffer.alloc(publications * publicationBytes, "x");
  const startedMs = performance.now();
  let stored = 0;
  let waiting = 0;
  const append = async () => {
    waiting += 1;
    await log.append(record);
    stored += publications;
    waiting -= 1;
  };
  while (performance.now() < startedMs + 10_000) {
    if (waiting < 64) void append();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return (stored * 1000) / (performance.now() - startedMs);
}

async function timed(times: number[], action: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  await action();
  times.push(performance.now() - startedMs);
}
