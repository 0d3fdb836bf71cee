import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { run } from "../../../src/cli/program.js";
import { parsePublication, type PublicationInput } from "../../../src/hub/publications/publication.js";
import { parseEpoch, type Epoch } from "../../../src/hub/publications/position.js";
import { DiskLog } from "../../../src/journal/disk/disk-log.js";
import { encodeItem, encodeRecord } from "../../../src/journal/log/encode-record.js";
import type { LogItem } from "../../../src/journal/log/record.js";
import { encodeSnapshotLine } from "../../../src/journal/snapshot-line.js";
import { scratchFolder } from "../../journal/disk/scratch-folder.js";
import { chunksOf } from "../../journal/log/log-site.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { FakeIo } from "../fake-io.js";

const atMs = Date.UTC(2026, 0, 1);

async function openLog(dir: string): Promise<DiskLog> {
  const limits = { bytes: 1024 ** 3 };
  const log = new DiskLog({ dir, limits, clock: new VirtualClock(), logger: silentLogger });
  onTestFinished(() => log.close());
  await log.open();
  return log;
}

function groupOf(...inputs: readonly PublicationInput[]): LogItem {
  return {
    kind: "group",
    publications: inputs.map((input) => ({
      publication: parsePublication(input),
      keepsId: input.id !== undefined,
    })),
  };
}

/** A journal with the epoch `e1` and five publications, in records of one or two groups. */
async function makeJournal(): Promise<{ readonly dir: string; readonly log: DiskLog }> {
  const dir = join(scratchFolder(), "journal");
  const log = await openLog(dir);
  const epoch = parseEpoch("e1");
  if (epoch === undefined) throw new Error("e1 is an epoch");
  let n = 0;
  const append = (...items: readonly LogItem[]) =>
    log.append(encodeRecord({ run: "r", n: ++n, atMs: atMs + n * 1000 }, items.map(encodeItem)));
  await append({ kind: "epoch", epoch });
  await append(groupOf({ topics: ["news/sport"], data: "one" }, { topics: ["weather"], data: "two" }));
  await append(groupOf({ topics: ["news/art"], data: "three", id: "mine", type: "flash" }));
  await append(groupOf({ topics: ["a", "news/sport"], data: "four", retain: true, private: true }));
  await append(groupOf({ topics: ["weather"], data: "five\u202e" }));
  const part = Buffer.from(encodeSnapshotLine("epochs", { epoch, after: 4095 }));
  await log.saveSnapshot(3, chunksOf(part, Buffer.from(encodeSnapshotLine("other", {}))));
  return { dir, log };
}

async function runJournal(...args: readonly string[]) {
  const io = new FakeIo();
  const code = await run(["journal", ...args], io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

function dataOf(out: string): string[] {
  return [...out.matchAll(/"data":"(\w+)/g)].map(([, data = ""]) => data);
}

test("check prints the segments and snapshots of a journal that a hub uses, and changes nothing", async () => {
  const { dir } = await makeJournal();
  const before = readdirSync(dir);
  const { code, out } = await runJournal("check", dir);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^0{15}1\.segment: records 1 to 5, 5 readable, \d+ bytes\n0{15}3\.snapshot: complete snapshot at record 3, 2 parts\nno damage\n$/,
  );
  expect(readdirSync(dir)).toEqual(before);
});

test("check exits with 1 and names the damage", async () => {
  const { dir, log } = await makeJournal();
  await log.close();
  const [segment, snapshot] = [join(dir, "0000000000000001.segment"), join(dir, "0000000000000003.snapshot")];
  const content = readFileSync(segment);
  content[content.indexOf("three")] = 0;
  writeFileSync(segment, content);
  writeFileSync(snapshot, readFileSync(snapshot).subarray(0, -3));
  const { code, out } = await runJournal("check", dir);
  expect(code).toBe(1);
  expect(out).toMatch(/0{15}1\.segment: records 1 to 5, 4 readable/);
  expect(out).toMatch(/0{15}1\.segment: DAMAGED: records 3 to 3 are lost, at bytes \d+ to \d+\n/);
  expect(out).toMatch(/0{15}3\.snapshot: DAMAGED: only 2 parts of the snapshot can be read\n2 damages\n$/);
});

test("check tells an incomplete record at the end, which is no damage", async () => {
  const { dir, log } = await makeJournal();
  await log.close();
  const segment = join(dir, "0000000000000001.segment");
  writeFileSync(segment, readFileSync(segment).subarray(0, -3));
  const { code, out } = await runJournal("check", dir);
  expect([code, out.includes("records 1 to 4, 4 readable")]).toEqual([0, true]);
  expect(out).toMatch(/\d+ bytes at the end are no whole record, and do not count\nno damage\n$/);
});

test("dump prints each publication as a line of JSON", async () => {
  const { dir } = await makeJournal();
  const { code, out } = await runJournal("dump", dir);
  expect(code).toBe(0);
  const lines = out.trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { id: "#e1:8192", offset: 8192, at: "2026-01-01T00:00:02.000Z", topics: ["news/sport"], data: "one" },
    { id: "#e1:8193", data: "two" },
    { id: "mine", offset: 12288, type: "flash", data: "three" },
    { id: "#e1:16384", topics: ["a", "news/sport"], retain: true, private: true },
    { data: "five\u202e" },
  ]);
  expect(lines[4]).toContain(String.raw`five\u202e`);
});

test.each([
  [
    ["--topic", "news/#"],
    ["one", "three", "four"],
  ],
  [
    ["--topic", "weather"],
    ["two", "five"],
  ],
  [
    ["--after", "mine"],
    ["four", "five"],
  ],
  [
    ["--after", "#e1:8192"],
    ["two", "three", "four", "five"],
  ],
  [
    ["--after", "12288"],
    ["four", "five"],
  ],
  [["--topic", "weather", "--after", "#e1:8193"], ["five"]],
])("dump with %j prints %j", async (options, expected) => {
  const { dir } = await makeJournal();
  expect(dataOf((await runJournal("dump", dir, ...options)).out)).toEqual(expected);
});

test("dump goes on behind damage, and tells it on standard error", async () => {
  const { dir, log } = await makeJournal();
  await log.close();
  const segment = join(dir, "0000000000000001.segment");
  const content = readFileSync(segment);
  content[content.indexOf("three")] = 0;
  writeFileSync(segment, content);
  const { code, out, err } = await runJournal("dump", dir);
  expect([code, dataOf(out)]).toEqual([0, ["one", "two", "four", "five"]]);
  expect(err).toBe(`${segment}: records 3 to 3 are damaged or missing\n`);
});

test.each([
  [["dump", "none"], /^pharos: none is not a folder\./],
  [["check", "none"], /^pharos: none is not a folder\./],
  [["check", "src"], /^pharos: src holds no journal/],
])("%j fails with a sentence", async (args, expected) => {
  const { code, err } = await runJournal(...args);
  expect(code).not.toBe(0);
  expect(err).toMatch(expected);
});

// Before, `--after` with an event id of another journal printed everything, or nothing, and exited with 0.
test.each([
  ["other", "the event id of a stored publication, or an offset"],
  ["#e2:9", "event ids of the epoch e1"],
  ["#e2:999999", "event ids of the epoch e1"],
  ["#e1:999999", "offsets up to 24575"],
  ["999999", "offsets up to 24575"],
])("dump after the unknown id %s prints nothing but what is allowed", async (after, allowed) => {
  const { dir } = await makeJournal();
  const { code, out, err } = await runJournal("dump", dir, "--after", after);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toBe(`pharos: --after: given "${after}", allowed: ${allowed}\n`);
});

test("dump knows an epoch whose first record the journal has removed, and one that ended", async () => {
  const { dir, log } = await makeJournal();
  for (const epoch of ["e3", "e4", "e5"] as Epoch[])
    await log.append(encodeRecord({ run: epoch, n: 1, atMs }, [encodeItem({ kind: "epoch", epoch })]));
  await log.append(
    encodeRecord({ run: "s", n: 1, atMs }, [encodeItem(groupOf({ topics: ["a"], data: "six" }))]),
  );
  await log.close();
  expect(dataOf((await runJournal("dump", dir, "--after", "#e1:20480")).out)).toEqual(["six"]);
  expect((await runJournal("dump", dir, "--after", "#e1:24576")).err).toContain(
    "It ended before this offset",
  );
  expect((await runJournal("dump", dir, "--after", "#e2:1")).err).toContain(
    "4 epochs, the last of them e3, e4, e5",
  );
  const segment = join(dir, "0000000000000001.segment");
  const content = readFileSync(segment);
  content[content.indexOf('{"epoch":"e1"}')] = 0;
  writeFileSync(segment, content);
  const { out } = await runJournal("dump", dir, "--after", "#e1:8192", "--topic", "weather");
  expect(out).toContain('"id":"#e1:8193"');
});
