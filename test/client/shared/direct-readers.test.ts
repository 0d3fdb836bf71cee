import { expect, it } from "vitest";

import { DirectReaders } from "../../../src/client/shared/direct-readers.js";
import { ReplayBuffer } from "../../../src/client/shared/replay-buffer.js";
import { Tab } from "../../../src/client/shared/tab.js";

function tab(sent: string[], name: string): Tab {
  const port = { send: () => void sent.push(name), listen: () => undefined, close: () => undefined };
  return new Tab(port, ["a"]);
}

it("three detached tabs connect directly at a time, and the next one when one of them has returned", () => {
  const sent: string[] = [];
  const readers = new DirectReaders();
  const tabs = ["1", "2", "3", "4", "5"].map((name) => tab(sent, name));
  for (const each of tabs) readers.add(each);
  expect(sent).toEqual(["1", "2", "3"]);
  for (const each of tabs.slice(1, 2)) readers.remove(each);
  expect(sent).toEqual(["1", "2", "3", "4"]);
  // The fifth tab is closed before its turn.
  for (const each of tabs.slice(4)) readers.remove(each);
  for (const each of tabs.slice(0, 1)) readers.remove(each);
  expect(sent).toEqual(["1", "2", "3", "4"]);
  readers.clear();
});

it("the replay buffer is half full by number, and by size", () => {
  const replay = new ReplayBuffer("");
  const add = (data: string): void =>
    replay.add({ item: { kind: "event", id: "1", topics: ["a"], data }, cursor: "1" });
  for (let n = 0; n < 501; n += 1) add("");
  expect([replay.isHalfFullFrom(0), replay.isHalfFullFrom(1)]).toEqual([true, false]);
  add("x".repeat(2 * 1024 * 1024));
  expect([replay.isHalfFullFrom(501), replay.isHalfFullFrom(502), replay.holdsFrom(0)]).toEqual([
    true,
    false,
    true,
  ]);
  add("x".repeat(3 * 1024 * 1024));
  expect([replay.holdsFrom(501), replay.holdsFrom(502)]).toEqual([false, true]);
});
