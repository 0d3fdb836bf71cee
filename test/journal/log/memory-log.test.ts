import { expect, test } from "vitest";
import { describeLog } from "./log-contract.js";
import { MemoryLog, MemoryLogStore } from "./memory-log.js";
import { RecordingFollower } from "./recording-follower.js";

describeLog({
  name: "memory-log.ts",
  breakages: ["full"],
  site: () => {
    const store = new MemoryLogStore();
    let log = new MemoryLog({ store });
    return {
      create: () => (log = new MemoryLog({ store })),
      breakStore: () => void (log.isFull = true),
      heal: () => void (log.isFull = false),
    };
  },
});

test("held appends are stored in one write", async () => {
  const log = new MemoryLog();
  await log.open();
  log.hold();
  const appending = Promise.all([log.append(Buffer.from("a")), log.append(Buffer.from("b"))]);
  expect(log.head).toBe(0);
  log.release();
  expect(await appending).toEqual([1, 2]);
  expect(log.writes).toBe(1);
});

test.each([
  ["lost", ["a", "c"]],
  ["stored", ["a", "b", "c"]],
] as const)("a failed write can leave its records %s", async (kind, expected) => {
  const log = new MemoryLog();
  await log.open();
  const follower = new RecordingFollower();
  await log.follow(0, follower);
  await log.append(Buffer.from("a"));
  log.failNext(kind);
  await expect(log.append(Buffer.from("b"))).rejects.toMatchObject({ code: "unreachable" });
  await expect(log.append(Buffer.from("b"))).rejects.toMatchObject({ code: "unreachable" });
  expect(follower.texts).toEqual(["a"]);
  await log.recover();
  await log.append(Buffer.from("c"));
  expect(follower.texts).toEqual(expected);
});

test("a follower is told once what is trimmed or damaged", async () => {
  const log = new MemoryLog();
  await log.open();
  await Promise.all(["a", "b", "c", "d", "e"].map((text) => log.append(Buffer.from(text))));
  log.trim(2);
  log.damage(4);
  const follower = new RecordingFollower();
  await log.follow(0, follower);
  expect([follower.losses, follower.records]).toEqual([
    [2, 4],
    [
      [3, "c"],
      [5, "e"],
    ],
  ]);
  expect(log.first).toBe(3);
});

test("a store that lost its tail is told, and may be followed again", async () => {
  const log = new MemoryLog();
  await log.open();
  const follower = new RecordingFollower();
  await log.follow(0, follower);
  await Promise.all(["a", "b", "c"].map((text) => log.append(Buffer.from(text))));
  log.loseTail(1);
  expect(await log.append(Buffer.from("other"))).toBe(2);
  expect([follower.restarts, follower.texts]).toEqual([1, ["a", "b", "c"]]);
  const again = new RecordingFollower();
  await log.follow(0, again);
  expect(again.texts).toEqual(["a", "other"]);
});
