import { describe, expect, it } from "vitest";
import { everything, Fixture, readerOf } from "./fixture.js";

describe("losses", () => {
  it("are told to those who would have read them, with a bound", () => {
    const fixture = new Fixture({ topicEvents: 2 });
    for (let index = 0; index < 6; index += 1) fixture.publish("a");
    const missed = [0, 1, 2, 3, 4, 5].map((after) => fixture.losses("a", { after })?.topics[0]?.missedAtMost);
    expect(missed).toEqual([4, 3, 2, 1, undefined, undefined]);
    expect(fixture.losses("b")).toBeUndefined();
  });

  it("are told once: what comes later is told by itself", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (const topic of ["a", "a", "b"]) fixture.publish(topic);
    const lossMark = fixture.losses("a b")?.asOf ?? 0;
    expect(fixture.losses("a b", { lossMark })).toBeUndefined();
    fixture.publish("b");
    expect(fixture.losses("a b", { lossMark })?.topics).toEqual([{ topic: "b", missedAtMost: 1 }]);
  });

  it("name no topic of which only private publications are lost to one who may not read them", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 3; index += 1) fixture.publish("a", { private: true });
    expect(fixture.losses("#")).toBeUndefined();
    expect(fixture.losses("#", { rights: everything })?.topics).toEqual([{ topic: "a", missedAtMost: 2 }]);
  });

  it("are told by topic to one who may read some private publications", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (const topics of ["a", "a", "b", "b", "b", "a"]) fixture.publish(topics, { private: true });
    expect(fixture.losses("#", { rights: readerOf("a") })).toMatchObject({
      topics: [{ topic: "a", missedAtMost: 2 }],
      more: false,
    });
    expect(fixture.losses("b", { rights: readerOf("a") })).toBeUndefined();
  });

  it("are told where another topic of the same publication is what gives the right to it", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    fixture.publish("a b", { private: true });
    for (let index = 0; index < 3; index += 1) fixture.publish("b", { private: true });
    const losses = fixture.losses("b", { rights: readerOf("a") });
    expect(losses?.topics).toEqual([{ topic: "b", missedAtMost: 1 }]);
    expect(fixture.losses("b", { rights: readerOf("c") })).toBeUndefined();
  });

  it("are told, more rather than less, where a topic's private publications had many other topics", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 100; index += 1) fixture.publish(`b t${index}`, { private: true });
    for (const topic of ["b", "t60"]) {
      const [told] = fixture.losses("b", { rights: readerOf(topic) })?.topics ?? [];
      expect(told?.topic).toBe("b");
    }
    expect(fixture.losses("b", { rights: readerOf("t0") })).toMatchObject({ topics: [], more: true });
    expect(fixture.losses("b")).toBeUndefined();
  });

  it("never name a topic to one who may read something else that is private, however many topics it had", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 100; index += 1) fixture.publish(`inbox/alice t${index}`, { private: true });
    const losses = fixture.losses("#", { rights: readerOf("inbox/bob") });
    expect(losses?.topics).toEqual([]);
  });

  it("say nothing to a stranger of forgotten topics that were private", () => {
    const fixture = new Fixture({ topics: 1 });
    for (const topic of ["a", "b"]) fixture.publish(topic, { private: true });
    fixture.publish("c");
    expect([fixture.losses("#"), fixture.losses("a")]).toEqual([undefined, undefined]);
    expect(fixture.losses("#", { rights: readerOf("a") })).toMatchObject({ topics: [], more: true });
    fixture.publish("a");
    expect(fixture.losses("#"), "c was open").toMatchObject({ topics: [], more: true });
  });

  it("name at most twenty topics", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 42; index += 1) fixture.publish(`t${index % 21}`);
    const twenty = fixture.losses("#", { after: 1 });
    expect([twenty?.topics.length, twenty?.more]).toEqual([20, false]);
    expect(fixture.losses("#")).toMatchObject({ more: true, topics: { length: 20 } });
  });
});

describe("losses of many topics", () => {
  const hundred = Array.from({ length: 99 }, (_, index) => `+/+/${index}`).join(" ");

  it("are looked for in parts, and none is missed that comes between", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 20_000; index += 1) fixture.publish(`user/${index % 10_000}/inbox`);
    const { parts, topics } = fixture.lookFor(`${hundred} user/7/inbox last`, () => {
      for (let index = 0; index < 2; index += 1) fixture.publish("last");
    });
    expect(parts).toBeGreaterThan(2);
    expect(topics).toEqual(["user/7/inbox", "last"]);
  });

  it("are named up to twenty, and no more are looked for", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (let index = 0; index < 20_000; index += 1) fixture.publish(`user/${index % 10_000}/inbox`);
    const { parts, topics } = fixture.lookFor("user/+/inbox");
    expect([parts, topics.length]).toEqual([1, 20]);
  });
});
