import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger, type Logger } from "../../../src/base/log.js";
import { DiskLog, type DiskLogOptions } from "../../../src/journal/disk/disk-log.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { appendAll, chunksOf, collected, followed, texts } from "../log/log-site.js";
import { BreakableFiles } from "./breakable-files.js";
import { scratchFolder } from "./scratch-folder.js";

/** Notes the lines at the levels `warn` and `error`. */
function notingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (_fields: unknown, message: string) => void lines.push(message);
  return { ...silentLogger, warn: note, error: note, lines };
}

function makeLog(dir: string, options: Partial<DiskLogOptions> = {}): DiskLog {
  const log = new DiskLog({
    dir,
    limits: { bytes: 1024 ** 3 },
    clock: new VirtualClock(Date.now()),
    logger: silentLogger,
    ...options,
  });
  onTestFinished(() => log.close());
  return log;
}

async function openLog(dir: string, options: Partial<DiskLogOptions> = {}): Promise<DiskLog> {
  const log = makeLog(dir, options);
  await log.open();
  return log;
}

function newDir(): string {
  return join(scratchFolder(), "deep", "journal");
}

function filesOf(dir: string, suffix = ".segment"): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(suffix))
    .sort();
}

/** Records of 1,000 bytes, each in a write of its own. */
async function appendOneByOne(log: DiskLog, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await log.append(Buffer.alloc(1000, "x"));
}

test("only the owner may read the folder and its files", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, ["a"]);
  await log.saveSnapshot(1, chunksOf(Buffer.from("s")));
  await log.close();
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(readdirSync(dir).sort()).toEqual([
    "0000000000000001.segment",
    "0000000000000001.snapshot",
    "secret",
  ]);
  const modes = readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test("a second log on the same folder is refused, until the first closes", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await expect(makeLog(dir).open()).rejects.toMatchObject({
    code: "bad-config",
    message: `another hub uses the folder ${dir}; stop that hub, or choose another folder`,
  });
  await log.close();
  expect((await openLog(dir)).state).toBe("up");
});

test("a start goes on in the last segment, until the segment is full", async () => {
  const dir = newDir();
  const limits = { bytes: 8000 };
  for (let start = 0; start < 5; start += 1) {
    const log = await openLog(dir, { limits });
    await appendAll(log, ["x".repeat(300), "y".repeat(300)]);
    await log.close();
  }
  expect(filesOf(dir)).toEqual([1, 5, 9].map((first) => `000000000000000${first}.segment`));
  const follower = await followed(await openLog(dir, { limits }));
  expect([follower.texts.length, follower.losses]).toEqual([10, []]);
});

test("a start never writes behind a torn end", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, ["a", "b"]);
  await log.close();
  const path = join(dir, "0000000000000001.segment");
  appendFileSync(path, "x");
  const again = await openLog(dir);
  await appendAll(again, ["c"]);
  await again.close();
  expect(filesOf(dir)).toEqual(["0000000000000001.segment", "0000000000000003.segment"]);
  expect((await followed(await openLog(dir))).texts).toEqual(["a", "b", "c"]);
});

test("the appends of one turn share a write, and so do all that wait for it", async () => {
  const files = new BreakableFiles();
  const log = await openLog(newDir(), { files });
  const before = files.writes;
  const first = appendAll(log, texts(100));
  await Promise.resolve();
  await Promise.resolve();
  const second = appendAll(log, texts(100, 100));
  expect([...(await first), ...(await second)]).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(files.writes - before).toBe(2);
});

test("after a failure the log goes on in a new segment, and leaves the old one as it is", async () => {
  const dir = newDir();
  const files = new BreakableFiles();
  const log = await openLog(dir, { files });
  await appendAll(log, ["a", "b"]);
  files.breakage = "full";
  await expect(log.append(Buffer.alloc(1000, "x"))).rejects.toMatchObject({ code: "unreachable" });
  const torn = readFileSync(join(dir, "0000000000000001.segment"));
  files.breakage = undefined;
  await log.recover();
  expect(await log.append(Buffer.from("c"))).toBe(3);
  expect(filesOf(dir)).toEqual(["0000000000000001.segment", "0000000000000003.segment"]);
  expect(readFileSync(join(dir, "0000000000000001.segment")).equals(torn)).toBe(true);
  await log.close();
  const follower = await followed(await openLog(dir));
  expect([follower.texts, follower.losses]).toEqual([["a", "b", "c"], []]);
});

test("the end of a torn segment is dropped, with a log line", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, ["one", "two", "three"]);
  await log.close();
  const path = join(dir, "0000000000000001.segment");
  writeFileSync(path, readFileSync(path).subarray(0, -2));
  const logger = notingLogger();
  const again = await openLog(dir, { logger });
  expect(logger.lines).toEqual(["the journal ends with an incomplete record, which is dropped"]);
  expect(again.head).toBe(2);
  expect(await again.append(Buffer.from("other"))).toBe(3);
  const third = await (await again.close(), openLog(dir));
  expect((await followed(third)).texts).toEqual(["one", "two", "other"]);
});

test("damage in the middle is told once, with a log line", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(50));
  await log.close();
  const path = join(dir, "0000000000000001.segment");
  const content = readFileSync(path);
  content.fill(0, content.indexOf("record 20 "), content.indexOf("record 23 ") + 5);
  writeFileSync(path, content);
  const logger = notingLogger();
  const again = await openLog(dir, { logger });
  const follower = await followed(again);
  expect(follower.losses).toEqual([24]);
  expect(follower.texts).toEqual([...texts(20), ...texts(50).slice(24)]);
  expect(logger.lines).toEqual(["records of the journal are damaged or missing; readers are told a gap"]);
});

test("a missing segment is told as one loss", async () => {
  const dir = newDir();
  const limits = { bytes: 8000 };
  const log = await openLog(dir, { limits });
  await appendOneByOne(log, 6);
  await log.close();
  const [, second = "", third = ""] = filesOf(dir);
  rmSync(join(dir, second));
  rmSync(join(dir, third));
  const follower = await followed(await openLog(dir, { limits }));
  expect(follower.records.map(([sequence]) => sequence)).toEqual([1, 4, 5, 6]);
  expect(follower.losses).toEqual([3]);
});

test("segments above the byte limit go, but none that the oldest snapshot needs", async () => {
  const dir = newDir();
  const log = await openLog(dir, { limits: { bytes: 8000 } });
  await appendOneByOne(log, 20);
  expect([log.first, filesOf(dir).length]).toEqual([1, 20]);
  await log.saveSnapshot(5, chunksOf());
  expect(log.first).toBe(6);
  await log.saveSnapshot(19, chunksOf());
  expect(log.first).toBe(6);
  await log.removeSnapshot(5);
  expect(log.first).toBe(14);
  expect(log.figures.bytes).toBeLessThanOrEqual(8000);
  expect(filesOf(dir)[0]).toBe("0000000000000014.segment");
  const follower = await followed(log);
  expect([follower.losses, follower.records.length]).toEqual([[13], 7]);
});

test("segments whose records have expired go, but none that the oldest snapshot needs", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(10));
  await log.saveSnapshot(10, chunksOf());
  await appendAll(log, texts(10, 10));
  await log.expire(15);
  expect([log.first, filesOf(dir)]).toEqual([16, ["0000000000000011.segment"]]);
  expect((await log.read(0, 100_000)).map(({ sequence }) => sequence)).toEqual([16, 17, 18, 19, 20]);
});

test("a log without traffic gives the disk back when all records have expired", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, ["x".repeat(10_000)]);
  await log.expire(1);
  expect([log.first, log.figures.bytes > 10_000]).toEqual([2, true]);
  await log.saveSnapshot(1, chunksOf());
  expect([filesOf(dir), log.figures.bytes < 1000]).toEqual([["0000000000000002.segment"], true]);
  expect(await appendAll(log, ["next"])).toEqual([2]);
  await log.close();
  expect((await followed(await openLog(dir))).losses).toEqual([1]);
});

test("records that are appended while an idle log begins a segment are stored", async () => {
  const log = await openLog(newDir());
  await appendAll(log, texts(1));
  const [, sequences] = await Promise.all([log.expire(1), appendAll(log, texts(3, 1))]);
  expect(sequences).toEqual([2, 3, 4]);
  expect((await log.read(0, 1000)).map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
});

test("a page that is read while its segment is removed ends cleanly", async () => {
  const log = await openLog(newDir(), { limits: { bytes: 8000 } });
  await appendOneByOne(log, 20);
  const pages = Array.from({ length: 10 }, (_, index) => log.read(index, 3500));
  await log.saveSnapshot(20, chunksOf());
  expect(log.first).toBeGreaterThan(10);
  for (const page of await Promise.all(pages)) {
    const sequences = page.map(({ sequence }) => sequence);
    expect(sequences.length).toBeGreaterThan(0);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  }
});

test("a folder that is copied while the hub runs opens, and gives no number again that its snapshot knows", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(10));
  const copy = `${dir}-copy`;
  cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith(".lock") });
  await appendAll(log, texts(10, 10));
  await log.saveSnapshot(20, chunksOf(Buffer.from("state")));
  copyFileSync(join(dir, "0000000000000020.snapshot"), join(copy, "0000000000000020.snapshot"));
  const restored = await openLog(copy);
  expect([restored.head, await restored.snapshots()]).toEqual([20, [20]]);
  expect(await restored.append(Buffer.from("new"))).toBe(21);
  expect((await collected(restored.loadSnapshot(20))).join("")).toBe("state");
  const follower = await followed(restored, 5);
  expect([follower.losses, follower.texts]).toEqual([[20], [...texts(10).slice(5), "new"]]);
});

test("a snapshot without its end, and files that are not complete, are removed", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(3));
  await log.saveSnapshot(2, chunksOf(Buffer.from("whole")));
  await log.saveSnapshot(3, chunksOf(Buffer.from("cut")));
  await log.close();
  const path = join(dir, "0000000000000003.snapshot");
  writeFileSync(path, readFileSync(path).subarray(0, -3));
  writeFileSync(join(dir, "0000000000000004.snapshot.incomplete"), "half");
  const logger = notingLogger();
  const again = await openLog(dir, { logger });
  expect([await again.snapshots(), logger.lines]).toEqual([[2], ["removes a snapshot that is not complete"]]);
  expect(filesOf(dir, ".snapshot")).toEqual(["0000000000000002.snapshot"]);
  expect(filesOf(dir, ".incomplete")).toEqual([]);
});

test("a damaged snapshot cannot be loaded", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(1));
  await log.saveSnapshot(1, chunksOf(Buffer.from("first"), Buffer.from("second")));
  const path = join(dir, "0000000000000001.snapshot");
  const content = readFileSync(path);
  content[content.indexOf("first")] = 0;
  writeFileSync(path, content);
  await expect(collected(log.loadSnapshot(1))).rejects.toMatchObject({ code: "bad-snapshot" });
});

test("a segment with a damaged header is lost, and its numbers are not given again", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, texts(10));
  await log.close();
  const path = join(dir, "0000000000000001.segment");
  const content = readFileSync(path);
  content[10] = (content[10] ?? 0) ^ 1;
  writeFileSync(path, content);
  const again = await openLog(dir);
  const follower = await followed(again);
  expect(await again.append(Buffer.from("x"))).toBeGreaterThan(10);
  expect([follower.texts, follower.losses.length]).toEqual([["x"], 1]);
});

test("files of another journal are refused by name", async () => {
  const [dir, other] = [newDir(), newDir()];
  const log = await openLog(dir);
  await appendAll(log, texts(5));
  await log.close();
  await (await openLog(other)).close();
  const foreign = join(other, "0000000000000009.segment");
  copyFileSync(join(dir, "0000000000000001.segment"), foreign);
  await expect(makeLog(other).open()).rejects.toMatchObject({
    code: "bad-config",
    message: `${foreign} belongs to another journal; move it out of the folder`,
  });
});

test("a journal without its secret is refused", async () => {
  const dir = newDir();
  const log = await openLog(dir);
  await appendAll(log, ["a"]);
  await log.close();
  rmSync(join(dir, "secret"));
  await expect(makeLog(dir).open()).rejects.toThrow(`${join(dir, "secret")} is missing`);
  writeFileSync(join(dir, "secret"), "short");
  await expect(makeLog(dir).open()).rejects.toThrow("must have 32 bytes");
});

test("files that are not the journal's are named, and stay", async () => {
  const dir = newDir();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "notes.txt"), "mine");
  writeFileSync(join(dir, "12.segment"), "mine");
  const logger = notingLogger();
  await openLog(dir, { logger });
  expect(logger.lines).toEqual(["the journal does not use these files"]);
  expect(readFileSync(join(dir, "notes.txt"), "utf8")).toBe("mine");
  expect(readFileSync(join(dir, "12.segment"), "utf8")).toBe("mine");
});

test("a path that is not a folder is refused with a sentence", async () => {
  const path = join(scratchFolder(), "file");
  writeFileSync(path, "");
  await expect(makeLog(path).open()).rejects.toMatchObject({ code: "bad-config" });
  await expect(makeLog(path).open()).rejects.toThrow(`cannot use the folder ${path} for the journal`);
});

// Root may write to any folder.
test.skipIf(process.getuid?.() === 0)("a folder that may not be written is refused", async () => {
  const dir = scratchFolder();
  chmodSync(dir, 0o500);
  await expect(makeLog(join(dir, "journal")).open()).rejects.toMatchObject({ code: "bad-config" });
});
