import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { DiskLog } from "../../../src/journal/disk/disk-log.js";
import { encodeFrameHead, frameKey } from "../../../src/journal/disk/format/record-frame.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { appendAll, followed } from "../log/log-site.js";
import { runDamages } from "./damage-run.js";
import { patchedDiskLog } from "./patched-disk-log.js";
import { PowerCutFiles } from "./power-cut-files.js";
import type { CreateLog } from "./power-cut-run.js";
import { Random } from "../../support/random.js";

const createLog: CreateLog = (options) => new DiskLog(options);

test("600 random damages are told or cut, and never give wrong data", async () => {
  const { problem, counts } = await runDamages({ seed: 11, damages: 600, createLog });
  expect(problem).toBeUndefined();
  expect(counts.damages).toBe(600);
  expect(counts.lost).toBeGreaterThan(200);
});

test("the damages notice a log that does not check its records", async () => {
  const patched = await patchedDiskLog({
    file: "format/record-frame.ts",
    from: "if (checksum(key, head, payload) !== head.readUInt32BE(4)) return damaged;",
    to: "",
  });
  const { problem } = await runDamages({ seed: 11, damages: 600, createLog: patched });
  expect(problem).toMatch(/is wrong|reads wrong|came after/);
});

/** A frame as a log would write it whose salt a publisher knows: 16 zeros. */
function forgedFrame(): string {
  const payload = Buffer.from("forged");
  const head = encodeFrameHead(frameKey(Buffer.alloc(16)), 3, payload);
  return Buffer.concat([head, payload]).toString("latin1");
}

/** The records that a log gives after damage in front of a payload that holds a forged frame. */
async function afterForgery(create: CreateLog): Promise<readonly string[]> {
  const files = new PowerCutFiles(new Random(1));
  const limits = { bytes: 1_000_000 };
  const log = () =>
    create({ dir: "/journal", files, limits, clock: new VirtualClock(), logger: silentLogger });
  const first = log();
  await first.open();
  await appendAll(first, ["one", `two${forgedFrame()}`, "three", "four"]);
  await first.close();
  const name = files.names.find((name) => name.endsWith(".segment")) ?? "";
  const content = files.content(name);
  // The start of the second payload is damaged.
  const at = content.indexOf("two");
  content[at] = 0;
  files.put(name, content);
  const second = log();
  onTestFinished(() => second.close());
  await second.open();
  return (await followed(second)).texts;
}

test("what a publisher sends never counts as a record, even behind damage", async () => {
  expect(await afterForgery(createLog)).toEqual(["one", "three", "four"]);
});

test("without the salt, a publisher could forge records", async () => {
  const patched = await patchedDiskLog({
    file: "format/record-frame.ts",
    from: "return { marker: salt.subarray(0, markerBytes), seed: crc32(salt.subarray(markerBytes)) };",
    to: "salt = Buffer.alloc(16); return { marker: salt.subarray(0, markerBytes), seed: crc32(salt.subarray(markerBytes)) };",
  });
  expect(await afterForgery(patched)).toContain("forged");
});
