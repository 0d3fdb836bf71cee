import { expect, it } from "vitest";
import type { Rights } from "../../src/hub/publications/rights.js";
import { World, at } from "./fanout-world.js";

function readerOf(...topics: readonly string[]): Rights {
  return {
    key: topics.join(),
    readsPrivate: true,
    mayReadTopic: (topic) => topics.includes(topic),
    mayReadBelow: () => true,
  };
}

it("goes to those who may read one of its topics, and to no other stream of the same filters", () => {
  const world = new World();
  const filters = ["#"];
  const [a, b, stranger] = [
    world.open({ filters, rights: readerOf("a") }),
    world.open({ filters, rights: readerOf("b") }),
    world.open({ filters }),
  ];
  world.turn();
  world.publish("a", "1", { private: true });
  world.publish("b", "2", { private: true });
  world.publish(["a", "b"], "3", { private: true });
  world.publish("c", "4", { private: true });
  world.publish("a", "5");
  world.turn();
  expect([a.offsets, b.offsets, stranger.offsets]).toEqual([[1, 3, 5], [2, 3, 5], [5]]);
});

it("is replayed to whom it may be read by now, whatever the cursor came from", () => {
  const world = new World();
  world.publish("a", "1", { private: true, id: "mine" });
  world.publish("b", "2", { private: true });
  world.publish("a", "3", { private: true });
  world.publish("a", "4");
  const open = (rights?: Rights): readonly number[] => {
    const client = world.open({
      filters: ["#"],
      lastEventId: "mine",
      ...(rights === undefined ? {} : { rights }),
    });
    world.turn();
    return client.offsets;
  };
  expect([open(readerOf("a")), open(readerOf("b")), open()]).toEqual([[3, 4], [2, 4], [4]]);
});

it("has an id that is a cursor for those alone who may read it: others cannot tell that it was ever used", () => {
  const world = new World();
  world.publish("a", "1", { private: true, id: "secret" });
  const gapsAt = (lastEventId: string, rights: Rights): readonly string[] => {
    const client = world.open({ filters: ["#"], lastEventId, rights });
    world.turn();
    return client.gaps.map(({ notice }) => notice.reason);
  };
  expect(gapsAt("secret", readerOf("a"))).toEqual([]);
  expect(gapsAt("secret", readerOf("b"))).toEqual(gapsAt("never", readerOf("b")));
});

it("is missing for those alone who might have read it", () => {
  const world = new World({ history: { topicEvents: 1 } });
  for (const topic of ["a", "a", "b", "b", "b", "open", "open"])
    world.publish(topic, "x", { private: topic !== "open" });
  const gaps = [readerOf("a"), readerOf("b"), readerOf("open")].map((rights) => {
    const client = world.open({ filters: ["#"], lastEventId: at(0), rights });
    world.turn();
    return client.gaps.map(({ notice }) => notice.topics);
  });
  const open = { topic: "open", missedAtMost: 1 };
  expect(gaps).toEqual([
    [[{ topic: "a", missedAtMost: 1 }, open]],
    [[{ topic: "b", missedAtMost: 2 }, open]],
    [[open]],
  ]);
});

it("is a retained value for those who may read it, and for strangers no trace of one", () => {
  const world = new World();
  world.publish("a", "secret", { private: true, retain: true });
  world.publish("b", "known", { retain: true });
  const retained = [readerOf("a"), readerOf("b"), undefined].map((rights) => {
    const client = world.open({ filters: ["#"], ...(rights === undefined ? {} : { rights }) });
    world.turn();
    return client.lines.flatMap((line) => (line.kind === "retained" ? [line.offset] : []));
  });
  expect(retained).toEqual([[1, 2], [2], [2]]);
});
