import { describe, expect, onTestFinished, test } from "vitest";
import type { Log, Sequence } from "../../../src/journal/log/log.js";
import { before } from "../../support/wait-for.js";
import {
  appendAll,
  chunksOf,
  collected,
  followed,
  open,
  reopen,
  texts,
  type LogContract,
} from "./log-site.js";
import { RecordingFollower } from "./recording-follower.js";

const withinMs = 60_000;

/** Tests what every log promises. A log that leaves sequence numbers out passes too. */
export function describeLog(contract: LogContract): void {
  describe(`the contract of a log, by ${contract.name}`, () => {
    testRecords(contract);
    testReading(contract);
    testSnapshots(contract);
    testFailures(contract);
    testLifetime(contract);
  });
}

function testRecords({ site: makeSite }: LogContract): void {
  test("a new log is starting, then up and empty", async () => {
    const site = await makeSite();
    const log = site.create();
    onTestFinished(() => log.close());
    expect(log.state).toBe("starting");
    await log.open();
    expect([log.state, log.head, log.first]).toEqual(["up", 0, 1]);
    expect(await log.read(0, 1000)).toEqual([]);
    expect(await log.snapshots()).toEqual([]);
  });

  test("records keep the order of the calls, and get increasing numbers from 1 on", async () => {
    const log = await open(await makeSite());
    const follower = await followed(log);
    const all = texts(1000);
    const sequences = await appendAll(log, all);
    expect(sequences[0]).toBe(1);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    await follower.has(1000);
    expect(follower.records).toEqual(all.map((text, index) => [sequences[index], text]));
    expect([log.head, await log.latest()]).toEqual([sequences.at(-1), sequences.at(-1)]);
    expect(log.first).toBe(1);
  });

  test("a payload may hold any bytes, and may be as large as the log allows", async () => {
    const site = await makeSite();
    const log = await open(site);
    const large = Buffer.alloc(Math.min(log.maxRecordBytes, 8 * 1024 * 1024), "\0\xff\n", "latin1");
    await Promise.all([log.append(Buffer.of(0)), log.append(large), log.append(Buffer.of(255))]);
    const again = await reopen(log, site);
    const [first, second, third] = (await followed(again)).texts;
    expect([first, third]).toEqual(["\0", "\xff"]);
    expect(Buffer.from(second ?? "", "latin1").equals(large)).toBe(true);
  });

  test("an empty record is refused, and the log goes on", async () => {
    const log = await open(await makeSite());
    await expect(log.append(Buffer.alloc(0))).rejects.toMatchObject({ code: "too-large" });
    expect(await log.append(Buffer.of(1))).toBe(1);
  });

  test("a reopened log passes its records again, in order, at their numbers", async () => {
    const site = await makeSite();
    const log = await open(site);
    const sequences = await appendAll(log, texts(500));
    const again = await reopen(log, site);
    expect([again.first, again.head]).toEqual([1, sequences.at(-1)]);
    const follower = await followed(again);
    expect(follower.records).toEqual(texts(500).map((text, index) => [sequences[index], text]));
    const [next] = await appendAll(again, ["next"]);
    expect(next).toBeGreaterThan(sequences.at(-1) ?? 0);
    await follower.has(501);
    expect(follower.records.at(-1)).toEqual([next, "next"]);
  });

  test("a follower that begins in the middle gets the later records only", async () => {
    const site = await makeSite();
    const log = await open(site);
    const sequences = await appendAll(log, texts(100));
    const again = await reopen(log, site);
    const follower = await followed(again, sequences[59]);
    expect(follower.texts).toEqual(texts(100).slice(60));
    expect(follower.losses).toEqual([]);
  });

  test("a follower's promise delays the next record", async () => {
    const site = await makeSite();
    const log = await open(site);
    await appendAll(log, texts(20));
    const again = await reopen(log, site);
    let busy = 0;
    const overlaps: number[] = [];
    const ignored = () => undefined;
    const take = async () => {
      overlaps.push(busy);
      busy += 1;
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
    };
    await again.follow(0, { take, lost: ignored, down: ignored, restarted: ignored });
    expect(overlaps).toEqual(Array.from({ length: 20 }, () => 0));
  });

  test("records that are appended during a replay come after it, once", async () => {
    const site = await makeSite();
    const log = await open(site);
    await appendAll(log, texts(200));
    const again = await reopen(log, site);
    const follower = new RecordingFollower();
    const following = again.follow(0, follower);
    const appending = appendAll(again, texts(200, 200));
    await Promise.all([following, appending]);
    await follower.has(400);
    expect(follower.texts).toEqual([...texts(200), ...texts(200, 200)]);
  });

  test("records survive many reopenings", async () => {
    const site = await makeSite();
    let log = await open(site);
    const all: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const more = texts(20, all.length);
      await appendAll(log, more);
      all.push(...more);
      log = await reopen(log, site);
    }
    expect((await followed(log)).texts).toEqual(all);
  });
}

function testReading({ site: makeSite }: LogContract): void {
  test("pages hold all records, in order, and keep to their size", async () => {
    const site = await makeSite();
    const log = await open(site);
    const sequences = await appendAll(log, texts(300));
    const again = await reopen(log, site);
    const seen: (readonly [Sequence, string])[] = [];
    for (let after = 0; ;) {
      const page = await again.read(after, 500);
      const last = page.at(-1);
      if (last === undefined) break;
      const bytes = page.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(page.length === 1 || bytes <= 500).toBe(true);
      for (const { sequence, payload } of page) seen.push([sequence, payload.toString("latin1")]);
      after = last.sequence;
    }
    expect(seen).toEqual(texts(300).map((text, index) => [sequences[index], text]));
  });

  test("a page holds at least one record, whatever its size", async () => {
    const log = await open(await makeSite());
    await appendAll(log, ["x".repeat(10_000), "y"]);
    const page = await log.read(0, 10);
    expect(page.map(({ payload }) => payload.length)).toEqual([10_000]);
  });

  test("records can be read while others are appended", async () => {
    const log = await open(await makeSite());
    const sequences = await appendAll(log, texts(50));
    const [page] = await Promise.all([log.read(sequences[9] ?? 0, 1_000_000), appendAll(log, texts(50, 50))]);
    expect(page.slice(0, 40).map(({ payload }) => payload.toString("latin1"))).toEqual(texts(50).slice(10));
  });

  test("records that have expired are not read, and the first one lies behind them", async () => {
    const log = await open(await makeSite());
    const sequences = await appendAll(log, texts(20));
    const [tenth = 0, next = 0] = sequences.slice(9);
    await log.expire(tenth);
    await log.expire(sequences[2] ?? 0);
    expect(log.first).toBeGreaterThan(tenth);
    expect(log.first).toBeLessThanOrEqual(next);
    const page = await log.read(0, 1_000_000);
    expect(page.map(({ sequence }) => sequence)).toEqual(sequences.slice(10));
    await log.expire(log.head);
    expect([log.first, await log.read(0, 1000)]).toEqual([log.head + 1, []]);
  });

  test("nothing lies behind the newest record", async () => {
    const log = await open(await makeSite());
    await appendAll(log, texts(5));
    expect(await log.read(log.head, 1000)).toEqual([]);
    expect(log.bytesAfter(log.head)).toBe(0);
  });

  test("the estimate of bytes falls from the first record to the last", async () => {
    const log = await open(await makeSite());
    const sequences = await appendAll(
      log,
      Array.from({ length: 200 }, () => "x".repeat(1000)),
    );
    const estimates = [0, sequences[49] ?? 0, sequences[99] ?? 0, log.head].map((after) =>
      log.bytesAfter(after),
    );
    expect(estimates).toEqual(estimates.toSorted((a, b) => b - a));
    expect(estimates[0]).toBeGreaterThanOrEqual(150_000);
    expect(estimates[0]).toBeLessThan(300_000);
    expect(log.figures.bytes).toBeGreaterThanOrEqual(150_000);
    expect(log.figures.segments).toBeGreaterThanOrEqual(1);
  });
}

function testSnapshots({ site: makeSite }: LogContract): void {
  test("the secret has 32 bytes, and stays with the log", async () => {
    const site = await makeSite();
    const log = await open(site);
    const secret = await log.secret();
    expect(secret.length).toBe(32);
    expect((await log.secret()).equals(secret)).toBe(true);
    const again = await reopen(log, site);
    expect((await again.secret()).equals(secret)).toBe(true);
  });

  test("snapshots come back chunk by chunk, the oldest first", async () => {
    const site = await makeSite();
    const log = await open(site);
    const sequences = await appendAll(log, texts(20));
    const [third = 0, tenth = 0] = [sequences[2], sequences[9]];
    const large = Buffer.alloc(300_000, "z");
    await log.saveSnapshot(tenth, chunksOf(Buffer.from("a"), large, Buffer.from("c")));
    await log.saveSnapshot(third, chunksOf(Buffer.from("old")));
    expect(await log.snapshots()).toEqual([third, tenth]);
    const again = await reopen(log, site);
    expect(await again.snapshots()).toEqual([third, tenth]);
    const chunks = await collected(again.loadSnapshot(tenth));
    expect(chunks.map(({ length }) => length)).toEqual([1, large.length, 1]);
    expect(Buffer.concat(chunks).equals(Buffer.concat([Buffer.from("a"), large, Buffer.from("c")]))).toBe(
      true,
    );
    await again.removeSnapshot(third);
    expect(await again.snapshots()).toEqual([tenth]);
    expect(await (await reopen(again, site)).snapshots()).toEqual([tenth]);
  });

  test("a snapshot without chunks is a snapshot", async () => {
    const log = await open(await makeSite());
    const [sequence = 0] = await appendAll(log, ["x"]);
    await log.saveSnapshot(sequence, chunksOf());
    expect(await log.snapshots()).toEqual([sequence]);
    expect(await collected(log.loadSnapshot(sequence))).toEqual([]);
  });

  test("a snapshot whose source fails does not count", async () => {
    const site = await makeSite();
    const log = await open(site);
    const [sequence = 0] = await appendAll(log, ["x"]);
    async function* failing(): AsyncIterable<Buffer> {
      yield await Promise.resolve(Buffer.from("half"));
      throw new Error("the source failed");
    }
    await expect(log.saveSnapshot(sequence, failing())).rejects.toThrow("the source failed");
    expect(await log.snapshots()).toEqual([]);
    const again = await reopen(log, site);
    expect(await again.snapshots()).toEqual([]);
    await again.saveSnapshot(sequence, chunksOf(Buffer.from("whole")));
    expect(await collected(again.loadSnapshot(sequence))).toEqual([Buffer.from("whole")]);
  });

  test("an unknown snapshot cannot be loaded", async () => {
    const log = await open(await makeSite());
    await expect(collected(log.loadSnapshot(7))).rejects.toMatchObject({ code: "bad-snapshot" });
  });

  test("records go on while a snapshot is saved", async () => {
    const log = await open(await makeSite());
    const follower = await followed(log);
    const [sequence = 0] = await appendAll(log, ["first"]);
    async function* slow(): AsyncIterable<Buffer> {
      for (const text of ["a", "b", "c"]) {
        await log.append(Buffer.from(text));
        yield Buffer.from(text);
      }
    }
    await log.saveSnapshot(sequence, slow());
    await follower.has(4);
    expect(follower.texts).toEqual(["first", "a", "b", "c"]);
    expect((await collected(log.loadSnapshot(sequence))).join("")).toBe("abc");
  });
}

function testFailures({ site: makeSite, breakages }: LogContract): void {
  test.each(breakages)(
    "a store that is %s rejects appends, and loses nothing that it stored",
    async (kind) => {
      const site = await makeSite();
      const log = await open(site);
      const follower = await followed(log);
      const stored = await appendAll(log, texts(50));
      await site.breakStore(kind);
      const tries = [...texts(3, 50)].map((text) => log.append(Buffer.from(text)));
      const outcomes = await before(Promise.allSettled(tries), {
        within: withinMs,
        missing: "appends stay open",
      });
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
      expect(log.state).toBe(kind);
      await expect(log.append(Buffer.from("no"))).rejects.toMatchObject({ name: "PharosError" });
      await expect(log.recover()).rejects.toMatchObject({ name: "PharosError" });
      await site.heal();
      await recovered(log);
      const more = await appendAll(log, texts(50, 100));
      await follower.has(100);
      expect(follower.records).toEqual([...new Map(follower.records)]);
      expect(follower.records.map(([sequence]) => sequence)).toEqual(
        follower.records.map(([sequence]) => sequence).sort((a, b) => a - b),
      );
      const again = await reopen(log, site);
      const replayed = await followed(again);
      expect(replayed.records).toEqual(follower.records);
      const kept = new Map(replayed.records);
      for (const [index, sequence] of stored.entries()) expect(kept.get(sequence)).toBe(texts(50)[index]);
      for (const [index, sequence] of more.entries()) expect(kept.get(sequence)).toBe(texts(50, 100)[index]);
    },
  );

  test.each(breakages)("a store that is %s still gives what it has", async (kind) => {
    if (kind === "unreachable") return;
    const site = await makeSite();
    const log = await open(site);
    await appendAll(log, texts(50));
    await site.breakStore(kind);
    await expect(log.append(Buffer.from("no"))).rejects.toMatchObject({ name: "PharosError" });
    expect((await log.read(0, 1_000_000)).length).toBe(50);
    await site.heal();
    await recovered(log);
  });
}

/** Calls `recover` until the log is up again. */
async function recovered(log: Log): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await log.recover();
      break;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  expect(log.state).toBe("up");
}

function testLifetime({ site: makeSite }: LogContract): void {
  test("a closed log settles what was appended, refuses more, and closes twice", async () => {
    const site = await makeSite();
    const log = await open(site);
    const appending = Promise.allSettled(texts(100).map((text) => log.append(Buffer.from(text))));
    await log.close();
    const outcomes = await before(appending, {
      within: withinMs,
      missing: "appends stay open after the close",
    });
    await expect(log.append(Buffer.from("late"))).rejects.toMatchObject({ code: "closed" });
    await log.close();
    const stored = outcomes.filter(({ status }) => status === "fulfilled").length;
    const replayed = (await followed(await open(site))).texts;
    expect(replayed.slice(0, stored)).toEqual(texts(100).slice(0, stored));
  });

  test("a follower of a closed log gets nothing more", async () => {
    const site = await makeSite();
    const log = await open(site);
    const follower = await followed(log);
    await appendAll(log, ["one"]);
    await follower.has(1);
    const again = await reopen(log, site);
    await appendAll(again, ["two"]);
    expect(follower.texts).toEqual(["one"]);
  });
}
