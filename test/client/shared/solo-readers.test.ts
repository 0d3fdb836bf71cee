import { expect, it } from "vitest";

import { SoloReaders } from "../../../src/client/shared/solo-readers.js";
import { ReplayBuffer } from "../../../src/client/shared/replay-buffer.js";
import { Tab } from "../../../src/client/shared/tab.js";

function tab(told: string[], name: string): Tab {
  const port = { say: () => void told.push(name), hear: () => undefined, close: () => undefined };
  return new Tab(port, ["a"]);
}

it("of tabs that have fallen behind three read by themselves at one time, and the next when one has come back", () => {
  const told: string[] = [];
  const apart = new SoloReaders();
  const tabs = ["1", "2", "3", "4", "5"].map((name) => tab(told, name));
  for (const each of tabs) apart.begin(each);
  expect(told).toEqual(["1", "2", "3"]);
  for (const each of tabs.slice(1, 2)) apart.end(each);
  expect(told).toEqual(["1", "2", "3", "4"]);
  // The fifth has gone before its turn.
  for (const each of tabs.slice(4)) apart.end(each);
  for (const each of tabs.slice(0, 1)) apart.end(each);
  expect(told).toEqual(["1", "2", "3", "4"]);
  apart.clear();
});

it("what is remembered is half forgotten by number, and by size", () => {
  const past = new ReplayBuffer("");
  const add = (data: string): void =>
    past.add({ item: { kind: "event", id: "1", topics: ["a"], data }, cursor: "1" });
  for (let n = 0; n < 501; n += 1) add("");
  expect([past.isHalfForgotten(0), past.isHalfForgotten(1)]).toEqual([true, false]);
  add("x".repeat(2 * 1024 * 1024));
  expect([past.isHalfForgotten(501), past.isHalfForgotten(502), past.holdsFrom(0)]).toEqual([
    true,
    false,
    true,
  ]);
  add("x".repeat(3 * 1024 * 1024));
  expect([past.holdsFrom(501), past.holdsFrom(502)]).toEqual([false, true]);
});
