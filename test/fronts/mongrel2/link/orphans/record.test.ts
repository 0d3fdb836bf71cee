import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { OpenRecord } from "../../../../../src/fronts/mongrel2/link/orphans/record.js";
import { VirtualClock } from "../../../../support/virtual-clock.js";
import { parseRecord } from "../../../../../src/fronts/mongrel2/link/orphans/record-text.js";

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-record-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "deeper", "link.record");
}

function open(file: string | undefined, maxIds = 1_000_000): OpenRecord {
  const failed = (error: unknown): never => {
    throw error;
  };
  return new OpenRecord({
    file,
    maxIds,
    failed,
    recovered: () => failed("recovered"),
    clock: new VirtualClock(),
  });
}

/** A record whose file may fail, and the list of its reports. */
function openTold(file: string): {
  readonly record: OpenRecord;
  readonly told: string[];
  readonly clock: VirtualClock;
} {
  const told: string[] = [];
  const clock = new VirtualClock();
  const failed = (error: unknown): void =>
    void told.push(error instanceof Error && "code" in error ? String(error.code) : String(error));
  const recovered = (): void => void told.push("recovered");
  return { record: new OpenRecord({ file, maxIds: 10_000, failed, recovered, clock }), told, clock };
}

/** The record that the next process would read if this process crashed now. */
function afterCrash(file: string): readonly { mark: string; heardAt: number; ids: readonly number[] }[] {
  return open(file).past.map(({ mark, heardAt, ids }) => ({ mark, heardAt, ids: [...ids] }));
}

describe("the record of open ids", () => {
  it("holds after a crash what was flushed, with its mark and the time of the server", () => {
    const file = scratch();
    const record = open(file);
    record.begin("ipc:1");
    record.add(5);
    record.add(6);
    record.add(7);
    record.remove(6);
    record.flush();
    record.heard(1_700_000_000_123);
    expect(afterCrash(file)).toEqual([{ mark: "ipc:1", heardAt: 1_700_000_000_123, ids: [5, 7] }]);
  });

  it("writes nothing before the flush, and one line for a batch", () => {
    const file = scratch();
    const record = open(file);
    record.begin("");
    const before = readFileSync(file, "latin1");
    for (let id = 1; id <= 1000; id++) record.add(id);
    expect(readFileSync(file, "latin1")).toBe(before);
    record.flush();
    expect(readFileSync(file, "latin1").slice(before.length).split("\n")).toHaveLength(2);
  });

  it("keeps the ids of an earlier stay apart until they are settled", () => {
    const file = scratch();
    const record = open(file);
    record.begin("a");
    record.add(1);
    record.add(2);
    record.begin("b");
    record.add(1);
    record.flush();
    expect(afterCrash(file).map(({ mark, ids }) => ({ mark, ids }))).toEqual([
      { mark: "a", ids: [1, 2] },
      { mark: "b", ids: [1] },
    ]);
    const [past] = record.past;
    if (past !== undefined) record.settle(past, [1, 2]);
    expect(record.past).toEqual([]);
    expect(afterCrash(file).map(({ mark }) => mark)).toEqual(["b"]);
  });

  it("stays small while 70,000 connections come and go", () => {
    const file = scratch();
    const record = open(file);
    record.begin("");
    let largest = 0;
    for (let id = 1; id <= 70_000; id++) {
      record.add(id);
      record.flush();
      record.remove(id - 10);
      if (id % 1000 === 0) largest = Math.max(largest, statSync(file).size);
    }
    expect(largest).toBeLessThan(80_000);
    record.flush();
    expect(afterCrash(file)[0]?.ids).toHaveLength(10);
  });

  it("takes no more ids than its limit", () => {
    const record = open(undefined, 3);
    record.begin("");
    for (let id = 1; id <= 5; id++) record.add(id);
    record.end();
    expect([...(record.past[0]?.ids ?? [])]).toEqual([1, 2, 3]);
  });

  it("writes the time of the server at most once a second", () => {
    const file = scratch();
    const record = open(file);
    record.begin("");
    record.add(1);
    record.flush();
    for (const at of [100_000, 100_500, 100_999]) record.heard(at);
    expect(afterCrash(file)[0]?.heardAt).toBe(100_000);
  });

  it("goes on in memory when the disk fails, and says so once", () => {
    const file = scratch();
    const { record, told } = openTold(file);
    record.begin("");
    rmSync(join(file, ".."), { recursive: true });
    writeFileSync(join(file, ".."), "no folder");
    record.begin("");
    record.add(1);
    record.flush();
    record.begin("");
    expect(told).toEqual(["EEXIST"]);
    expect(record.past.map(({ ids }) => Array.from(ids))).toEqual([[1]]);
  });

  // The hub did not start behind Mongrel2 when its state folder was full or read-only, also after a crash for that
  // reason. Operators had to remove a file that they did not know.
  it.each([
    ["a file in the place of its folder", "/dev/null/record", "EEXIST"],
    ["a folder in the place of its file", "/tmp", "EISDIR"],
    ["a folder that nobody can write", "/proc/self/record", "ENOENT"],
  ])("starts with %s, and says so", (_name, file, code) => {
    const { record, told } = openTold(file);
    record.begin("");
    record.add(1);
    record.flush();
    record.close();
    expect(told).toEqual([code]);
  });

  // Bug: the record went on in the deleted file, without a word.
  it("is written again within a second when its folder is deleted", () => {
    const file = scratch();
    const { record, told } = openTold(file);
    record.begin("a");
    record.add(1);
    record.heard(10_000);
    rmSync(dirname(file), { recursive: true });
    record.add(2);
    record.flush();
    record.heard(11_000);
    record.add(3);
    record.flush();
    expect(afterCrash(file)).toEqual([{ mark: "a", heardAt: 11_000, ids: [1, 2, 3] }]);
    expect(told).toEqual([]);
  });

  it("reads the ids of a crash on a full disk, and records again once there is room", () => {
    const file = scratch();
    const before = open(file);
    before.begin("m");
    before.add(7);
    before.flush();
    symlinkSync("/dev/full", `${file}.new`);
    const { record, told, clock } = openTold(file);
    expect(record.past.map(({ ids }) => [...ids])).toEqual([[7]]);
    record.begin("n");
    record.add(8);
    rmSync(`${file}.new`);
    clock.advance(9_000);
    record.flush();
    expect(told).toEqual(["ENOSPC"]);
    clock.advance(1_000);
    record.flush();
    expect(told).toEqual(["ENOSPC", "recovered"]);
    expect(afterCrash(file).map(({ mark, ids }) => [mark, ids])).toEqual([
      ["m", [7]],
      ["n", [8]],
    ]);
  });

  it("is the set of what was added and not removed, whatever the order of adds, removes and flushes", () => {
    const step = fc.record({
      op: fc.constantFrom("add", "remove", "flush"),
      id: fc.integer({ min: 1, max: 6 }),
    });
    const file = scratch();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        rmSync(file, { force: true });
        const record = open(file);
        record.begin("");
        const expected = new Set<number>();
        for (const { op, id } of steps) {
          if (op === "flush") record.flush();
          else if (op === "add") {
            record.add(id);
            expected.add(id);
          } else {
            record.remove(id);
            expected.delete(id);
          }
        }
        record.close();
        expect(new Set(afterCrash(file)[0]?.ids)).toEqual(expected);
      }),
      { seed: 20_110_402, numRuns: 100 },
    );
  });
});

describe("a damaged record", () => {
  it.each([
    ["of another kind", "something else\n+1\n", 0],
    ["with an id that was cut short by a full disk", "pharos-link 1\n@000000000000001 m\n+1 2\n+3 45", 2],
    [
      "with a line that was cut short by a full disk",
      "pharos-link 1\n@000000000000001 m\n+1 2\n+3 4 5\n+",
      5,
    ],
    ["with lines of another hand", "pharos-link 1\n+9\n@000000000000001 m\n+1\nhello\n+x\n-\n", 1],
    ["that is empty", "", 0],
  ])("%s is read as far as it makes sense", (_name, text, ids) => {
    expect(parseRecord(text)[0]?.ids.size ?? 0).toBe(ids);
  });

  it("is replaced at the start", () => {
    const file = scratch();
    open(file);
    writeFileSync(file, "something else");
    open(file).begin("m");
    expect(readFileSync(file, "latin1")).toMatch(/^pharos-link 1\n@0{15} m\n$/);
  });
});
