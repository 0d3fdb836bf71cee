import { expect, it } from "vitest";
import { KeptTopics } from "./kept-topics.js";

function following(...topics: readonly string[]): KeptTopics {
  const kept = new KeptTopics();
  kept.follow(new Set(topics));
  return kept;
}

it("finds what is missing, repeated, or not followed", () => {
  const kept = following("a");
  for (const number of [4, 5, 7, 7]) kept.event("a", number);
  kept.event("b", 1);
  expect(kept.faults).toEqual([
    "a 6 to 6 are missing",
    "a 7 follows 7",
    "b 1 is of a topic that it does not follow",
  ]);
});

it("accepts a loss that a gap event has told, once and for its topics alone", () => {
  const kept = following("a", "b");
  for (const topic of ["a", "b"]) kept.event(topic, 1);
  kept.gap({ reason: "evicted", topics: [{ topic: "a", missedAtMost: 3 }], more: false });
  for (const topic of ["a", "b"]) kept.event(topic, 5);
  kept.event("a", 7);
  expect(kept.faults).toEqual(["b 2 to 4 are missing", "a 6 to 6 are missing"]);
});

it("follows a topic from any number on, and goes on with the topics that it keeps", () => {
  const kept = following("a", "b");
  for (const topic of ["a", "b"]) kept.event(topic, 1);
  kept.follow(new Set(["b"]));
  kept.follow(new Set(["a", "b"]));
  for (const topic of ["a", "b"]) kept.event(topic, 9);
  expect(kept.faults).toEqual(["b 2 to 8 are missing"]);
  expect(
    kept.behind(
      new Map([
        ["a", 9],
        ["b", 10],
      ]),
    ),
  ).toEqual(["b ended at 9, not at 10"]);
});
