import { createServer } from "node:net";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { controlFrames } from "../../../../src/fronts/mongrel2/link/control-frames.js";
import { EndedIds } from "../../../../src/fronts/mongrel2/link/ended-ids.js";
import { FenceIds } from "../../../../src/fronts/mongrel2/link/fence-ids.js";
import { HeldFrames } from "../../../../src/fronts/mongrel2/link/held-frames.js";
import { readRunMark } from "../../../../src/fronts/mongrel2/link/orphans/run-mark.js";
import { Targets } from "../../../../src/fronts/mongrel2/link/targets.js";

describe("targets", () => {
  it("frame their head once for a sender", () => {
    const targets = new Targets([7, 8]);
    expect(targets.head("a").toString()).toBe("a 3:7 8, ");
    expect(targets.head("a")).toBe(targets.head("a"));
    expect(targets.head("b").toString()).toBe("b 3:7 8, ");
  });

  it("are split into groups of at most what a message may name", () => {
    const ids = Array.from({ length: 300 }, (_, index) => index);
    expect(Targets.split(ids).map((group) => group.ids.length)).toEqual([128, 128, 44]);
    expect(Targets.split(ids).flatMap((group) => group.ids)).toEqual(ids);
    expect(Targets.split([])).toEqual([]);
  });

  it.each([[[]], [[-1]], [[1.5]], [[2 ** 32]], [Array.from({ length: 129 }, (_, index) => index)]])(
    "refuse %j",
    (ids) => {
      expect(() => new Targets(ids)).toThrow(expect.objectContaining({ code: "bad-mongrel2-response" }));
    },
  );
});

describe("fence ids", () => {
  it("rotate through the top 65,536 of the 32-bit range and are known again as signed numbers", () => {
    const ids = new FenceIds();
    const seen = new Set(Array.from({ length: 65_536 }, () => ids.next()));
    expect(seen.size).toBe(65_536);
    expect(Math.min(...[...seen].slice(0, 100))).toBeGreaterThanOrEqual(2 ** 32 - 65_536);
    expect(FenceIds.includes(-1)).toBe(true);
    expect(FenceIds.fromNotice(-1)).toBe(2 ** 32 - 1);
    expect(FenceIds.includes(-65_536)).toBe(true);
    expect(FenceIds.includes(-65_537)).toBe(false);
    expect(FenceIds.includes(70_000)).toBe(false);
  });

  it("are known as own ones, but not those of another program", () => {
    const ids = new FenceIds();
    expect(ids.has(ids.next() + 1)).toBe(false);
    const own = Array.from({ length: 70_000 }, () => ids.next());
    const last = own.at(-1) ?? 0;
    expect(own.slice(-1024).every((id) => ids.has(id))).toBe(true);
    expect([
      ids.has(own.at(-1025) ?? 0),
      ids.has(last === 2 ** 32 - 1 ? 2 ** 32 - 65_536 : last + 1),
    ]).toEqual([false, false]);
  });
});

describe("control frames", () => {
  it("name at most so many ids each, and never more than 128", () => {
    const ids = Array.from({ length: 300 }, (_, index) => index);
    const counts = (targets: number): number[] =>
      [...controlFrames("keep-alive", ids, { sender: "pharos", targets })].map(
        (frame) => frame.toString().split(", ")[0]?.split(" X ")[0]?.length ?? 0,
      );
    expect(counts(100)).toHaveLength(3);
    expect(counts(1000)).toHaveLength(3);
    expect(counts(1)).toHaveLength(300);
  });

  it("are what Mongrel2 reads", () => {
    const [frame] = controlFrames("keep-alive", [123], { sender: "pharos" });
    expect(frame?.toString()).toBe("pharos 5:X 123, 28:3:ctl,18:10:keep-alive,1:1,}]");
  });
});

describe("held frames", () => {
  it("keep the first ones, up to their number and bytes, and give them back once", () => {
    const held = new HeldFrames({ heldFrames: 3, heldBytes: 10 });
    expect(["aaaa", "bbbb", "cccc", "dd", "e"].map((text) => held.add(Buffer.from(text)))).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(held.drain().map(String)).toEqual(["aaaa", "bbbb", "dd"]);
    expect(held.drain()).toEqual([]);
  });
});

describe("the mark of a run", () => {
  it("stays while the socket is bound, chmod or not, and changes when it is bound anew", async () => {
    const dir = mkdtempSync(join(tmpdir(), "pharos-mark-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const path = join(dir, "responses");
    const bind = async (): Promise<() => Promise<unknown>> => {
      const server = createServer().listen(path);
      await new Promise((resolve) => server.once("listening", resolve));
      return () => new Promise((resolve) => server.close(resolve));
    };
    const close = await bind();
    const mark = readRunMark(`ipc://${path}`);
    chmodSync(path, 0o666);
    expect(mark).not.toBe("");
    expect(readRunMark(`ipc://${path}`)).toBe(mark);
    await close();
    await bind();
    expect(readRunMark(`ipc://${path}`)).not.toBe(mark);
  });

  it("is empty for TCP, for abstract sockets, for no file and for a file that is no socket", () => {
    const dir = mkdtempSync(join(tmpdir(), "pharos-mark-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, "file"), "");
    const specs = ["tcp://127.0.0.1:9998", "ipc://@name", `ipc://${dir}/none`, `ipc://${dir}/file`];
    expect(specs.map(readRunMark)).toEqual(["", "", "", ""]);
  });
});

describe("ended ids", () => {
  it("are the last ones, at least 4,096 of them", () => {
    const ended = new EndedIds();
    for (let id = 1; id <= 20_000; id += 1) ended.add(id);
    expect([20_000, 15_905, 1].map((id) => ended.has(id))).toEqual([true, true, false]);
  });

  it("that are told again and again push no others out", () => {
    const ended = new EndedIds();
    ended.add(1);
    for (let times = 0; times < 20_000; times += 1) ended.add(2);
    expect(ended.has(1)).toBe(true);
  });

  it("mean nothing in another run of the server", () => {
    const ended = new EndedIds();
    for (let id = 1; id <= 5000; id += 1) ended.add(id);
    ended.clear();
    expect([1, 5000].map((id) => ended.has(id))).toEqual([false, false]);
  });
});
