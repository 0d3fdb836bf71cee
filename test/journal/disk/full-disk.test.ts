import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { DiskLog } from "../../../src/journal/disk/disk-log.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { followed, texts } from "../log/log-site.js";
import { scratchFolder } from "./scratch-folder.js";

/** A folder on a disk of 2 MiB of its own. Skips the test if this machine does not allow to mount one. */
function smallDisk(context: TestContext): string {
  const dir = scratchFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", dir], { stdio: "pipe" });
  } catch (error) {
    context.skip(`cannot mount a small disk: ${String(error)}`);
  }
  onTestFinished(() => void execFileSync("umount", [dir]));
  return dir;
}

async function openLog(dir: string): Promise<DiskLog> {
  const limits = { bytes: 1024 ** 3 };
  const log = new DiskLog({ dir, limits, clock: new VirtualClock(), logger: silentLogger });
  onTestFinished(() => log.close());
  await log.open();
  return log;
}

/** Appends records of 100 KB until the disk is full. Returns the numbers of the stored records. */
async function fill(log: DiskLog): Promise<number[]> {
  const stored: number[] = [];
  while (log.state === "up")
    await log.append(Buffer.alloc(100_000, "x")).then(
      (sequence) => stored.push(sequence),
      () => undefined,
    );
  return stored;
}

test("a real disk that is full refuses records, keeps the others, and heals", async (context) => {
  const disk = smallDisk(context);
  const dir = join(disk, "journal");
  writeFileSync(join(disk, "ballast"), Buffer.alloc(500_000));
  const log = await openLog(dir);
  const follower = await followed(log);
  const stored = await fill(log);
  expect(stored.length).toBeGreaterThan(10);
  expect([log.state, log.head]).toEqual(["full", stored.at(-1)]);
  expect((await log.read(0, Infinity)).length).toBe(stored.length);
  rmSync(join(disk, "ballast"));
  await log.recover();
  expect(log.state).toBe("up");
  const more: number[] = [];
  for (const text of texts(20)) more.push(await log.append(Buffer.from(text)));
  await log.close();
  const again = await openLog(dir);
  const replayed = await followed(again);
  expect(replayed.records).toEqual(follower.records);
  expect(replayed.records.map(([sequence]) => sequence)).toEqual([...stored, ...more]);
  expect(replayed.texts.slice(-20)).toEqual(texts(20));
});

test("a log on a real disk that is full opens, and gives what it has", async (context) => {
  const disk = smallDisk(context);
  const dir = join(disk, "journal");
  writeFileSync(join(disk, "ballast"), Buffer.alloc(500_000));
  const log = await openLog(dir);
  const stored = await fill(log);
  await log.close();
  fillWithBytes(join(disk, "rest"));
  const again = await openLog(dir);
  expect(again.state).toBe("full");
  expect((await followed(again)).records.length).toBe(stored.length);
  await expect(again.append(Buffer.from("x"))).rejects.toMatchObject({ code: "unreachable" });
  await expect(again.recover()).rejects.toMatchObject({ code: "unreachable" });
  rmSync(join(disk, "ballast"));
  await again.recover();
  expect(await again.append(Buffer.from("x"))).toBe(stored.length + 1);
});

/** Fills the disk to the last byte. */
function fillWithBytes(path: string): void {
  for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2))
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // The rest of the disk is smaller.
    }
}
