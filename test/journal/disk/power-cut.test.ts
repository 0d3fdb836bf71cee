import { expect, test } from "vitest";
import { DiskLog } from "../../../src/journal/disk/disk-log.js";
import { patchedDiskLog } from "./patched-disk-log.js";
import { firstViolation, type CreateLog } from "./power-cut-run.js";

const createLog: CreateLog = (options) => new DiskLog(options);

test("after each of 600 power cuts, every acknowledged record is there", async () => {
  const { violation, counts } = await firstViolation({ firstSeed: 1, seeds: 200, createLog });
  expect(violation).toBeUndefined();
  expect(counts.cuts).toBe(600);
  expect(counts.acknowledged).toBeGreaterThan(10_000);
  // The cuts also leave records that were on their way.
  expect(counts.unacknowledged).toBeGreaterThan(100);
  expect(counts.faults).toBeGreaterThan(100);
});

const broken = { firstSeed: 1, seeds: 200 };

test("the power cuts notice a log that does not sync what it appends", async () => {
  const { violation } = await firstViolation({ ...broken, createLog, broken: { withoutSync: true } });
  expect(violation).toMatch(/is lost|behind the head/);
});

test("the power cuts notice a log that does not sync its folder", async () => {
  const { violation } = await firstViolation({ ...broken, createLog, broken: { withoutFolderSync: true } });
  expect(violation).toMatch(/is lost|behind the head|is missing/);
});

test("the power cuts notice a log that writes to a segment again after a failure", async () => {
  const patched = await patchedDiskLog({
    file: "disk-log.ts",
    from: 'if (this.#state !== "up") await this.#begin((store) => store.begin());',
    to: 'this.#state = "up";',
  });
  const { violation } = await firstViolation({ ...broken, createLog: patched });
  expect(violation).toMatch(/is lost|has changed|behind the head/);
});

test("the power cuts notice a log that acknowledges a short write", async () => {
  const patched = await patchedDiskLog({
    file: "files/write-all.ts",
    from: "if (written === wanted) return;",
    to: "if (written >= 0) return;",
  });
  const { violation } = await firstViolation({ ...broken, createLog: patched });
  expect(violation).toMatch(/is lost|has changed|behind the head/);
});
