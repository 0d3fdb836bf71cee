import { describe, expect, it } from "vitest";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import type { Deleted } from "../../../src/journal/deletion.js";
import { everything, Fixture, readerOf } from "./fixture.js";

/** Deletes a topic, or the publication at this offset. */
function deleteFrom(fixture: Fixture, topic: string, offset?: number): Deleted {
  const entry = offset === undefined ? undefined : fixture.followed.find((each) => each.offset === offset);
  return fixture.journal.delete({ topic: parseTopic(topic), only: entry });
}

const count = (publications: number): Deleted => ({ publications, older: false, retained: false });

describe("a deleted topic", () => {
  it("has no publications before the deletion, and those after it", () => {
    const fixture = new Fixture();
    for (const topic of ["a", "b", "a"]) fixture.publish(topic);
    expect(deleteFrom(fixture, "a")).toEqual(count(2));
    fixture.publish("a");
    expect(fixture.read("a")).toEqual([4]);
    expect(fixture.read("#")).toEqual([2, 4]);
    expect(
      fixture.journal.history.newest(parseTopic("a"), { count: 9, maxBytes: 1e6, rights: publicOnly }),
    ).toEqual([fixture.followed[3]]);
    expect(fixture.journal.history.countsOf(parseTopic("a"), publicOnly)).toEqual({
      published: 1,
      stored: 1,
    });
    expect(fixture.followed[3]?.ordinal).toBe(1);
  });

  it("is deleted once", () => {
    const fixture = new Fixture();
    fixture.publish("a");
    expect(deleteFrom(fixture, "a")).toEqual(count(1));
    expect(fixture.journal.history.mayDelete(parseTopic("a"))).toBe(false);
    expect(deleteFrom(fixture, "a")).toEqual(count(0));
    expect(fixture.losses("a")).toMatchObject({ topics: [{ topic: "a", missedAtMost: 1 }] });
  });

  it("is told to readers that have missed it, and to no others", () => {
    const fixture = new Fixture();
    for (const topic of ["a", "b", "a", "b"]) fixture.publish(topic);
    deleteFrom(fixture, "a");
    expect(fixture.losses("a")).toMatchObject({
      topics: [{ topic: "a", missedAtMost: 2 }],
      more: false,
      reason: "deleted",
    });
    expect(fixture.losses("#", { after: 2 })?.topics).toEqual([{ topic: "a", missedAtMost: 1 }]);
    expect(fixture.losses("a", { after: 3 })).toBeUndefined();
    expect(fixture.losses("b")).toBeUndefined();
    expect(fixture.losses("b c/#")).toBeUndefined();
  });

  it("stays in the other topics of its publications", () => {
    const fixture = new Fixture();
    fixture.publish("a b");
    expect(deleteFrom(fixture, "a")).toEqual(count(1));
    expect(fixture.read("a")).toEqual([]);
    expect(fixture.read("b")).toEqual([1]);
    expect(fixture.read("#")).toEqual([1]);
    expect(deleteFrom(fixture, "b")).toEqual(count(1));
    expect(fixture.read("#")).toEqual([]);
    expect(fixture.journal.history.bytes).toBe(0);
  });
});

describe("a deleted publication", () => {
  it("is gone from the middle of its topic", () => {
    const fixture = new Fixture();
    for (let n = 0; n < 4; n += 1) fixture.publish("a");
    expect(deleteFrom(fixture, "a", 2)).toEqual(count(1));
    expect(deleteFrom(fixture, "a", 2)).toEqual(count(0));
    expect(fixture.read("a")).toEqual([1, 3, 4]);
    expect(fixture.read("+")).toEqual([1, 3, 4]);
    const holds = [1, 2, 3, 4].map((offset) => fixture.journal.history.holds(parseTopic("a"), offset));
    expect(holds).toEqual([true, false, true, true]);
    expect(fixture.losses("a", { after: 1 })).toMatchObject({ reason: "deleted" });
    expect(fixture.losses("a", { after: 2 })).toBeUndefined();
  });

  it("leaves its own id as a place from which clients resume", () => {
    const fixture = new Fixture();
    fixture.publish("a", { id: "one" });
    fixture.publish("a");
    deleteFrom(fixture, "a", 1);
    expect(fixture.journal.history.locate("one")).toEqual({ kind: "at", offset: 1 });
  });

  it("of a private kind is told only to readers with a right to it", () => {
    const fixture = new Fixture();
    fixture.publish("a b", { private: true });
    fixture.publish("a");
    deleteFrom(fixture, "a", 1);
    expect(fixture.losses("a")).toBeUndefined();
    expect(fixture.losses("#")).toBeUndefined();
    expect(fixture.losses("a", { rights: readerOf("c") })).toBeUndefined();
    expect(fixture.losses("a", { rights: readerOf("b") })).toMatchObject({ reason: "deleted" });
    expect(fixture.losses("#", { rights: everything })).toMatchObject({ reason: "deleted" });
  });

  it("is told as evicted if the reader has missed evicted publications, too", () => {
    const fixture = new Fixture({ topicEvents: 2 });
    for (let n = 0; n < 3; n += 1) fixture.publish("a");
    deleteFrom(fixture, "a", 2);
    expect(fixture.losses("a")).toMatchObject({ topics: [{ topic: "a", missedAtMost: 2 }] });
    expect(fixture.losses("a")?.reason).toBeUndefined();
    expect(fixture.losses("a", { after: 1 })).toMatchObject({ reason: "deleted" });
  });
});

it("forgets the oldest deletions above its memory, and then tells readers that something may be lost", () => {
  const fixture = new Fixture();
  const first = fixture.publish("first");
  deleteFrom(fixture, "first");
  for (let n = 0; n < 60_000; n += 1) {
    fixture.publish(`topic/${n}`);
    deleteFrom(fixture, `topic/${n}`);
  }
  expect(fixture.losses("first", { after: first - 1 })).toMatchObject({ more: true });
  expect(fixture.losses("topic/59999")).toMatchObject({ topics: [{ topic: "topic/59999" }] });
  expect(fixture.losses("first", { after: first })).toBeUndefined();
});
