import { expect, it } from "vitest";
import type { FakeClient } from "./fake-channel.js";
import { tinyCoding, tinyFormat } from "./tiny-format.js";
import { at, World } from "./fanout-world.js";

/** The bodies of a client: for each body, the member count of its coding, and its lines. */
function bodiesOf({ writes }: FakeClient): readonly (readonly unknown[])[] {
  return writes.map((body) => {
    const lines = body
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return lines.map(({ kind, members }) => (kind === "coded" ? members : kind));
  });
}

it("packs a round once for all who share the coding, and not for the others", () => {
  const world = new World();
  const [one, two] = [world.open({ coding: tinyCoding }), world.open({ coding: tinyCoding })];
  const plain = world.open();
  world.turn();
  world.publish("news");
  world.publish("news");
  world.turn();
  expect(bodiesOf(one).at(-1)).toEqual([2, "event", "event"]);
  expect(two.writes.at(-1)).toBe(one.writes.at(-1));
  expect(bodiesOf(plain).at(-1)).toEqual(["event", "event"]);
});

it("packs a page once for all who read from one position, each as for one", () => {
  const world = new World();
  world.publish("news");
  world.publish("news");
  const late = { coding: tinyCoding, lastEventId: at(1) };
  const [one, two] = [world.open(late), world.open(late)];
  world.turn();
  // The front writes the response head.
  const page = ["head", 1, "position", "event"];
  expect([bodiesOf(one), bodiesOf(two)]).toEqual([[page], [page]]);
});

it("packs a heartbeat", () => {
  const world = new World({ limits: { heartbeatMs: 10_000 } });
  const quiet = world.open({ coding: tinyCoding });
  world.turn();
  world.clock.advance(12_000);
  expect(bodiesOf(quiet).at(-1)).toEqual([1, "heartbeat"]);
});

it("writes no heartbeat of a format that has none, also with a coding", () => {
  const format = { ...tinyFormat, name: "silent", heartbeat: () => Buffer.alloc(0) };
  const world = new World({ limits: { heartbeatMs: 10_000 } });
  const plain = world.open({ format });
  const coded = world.open({ format, coding: tinyCoding });
  world.turn();
  const before = [plain.writes.length, coded.writes.length];
  world.clock.advance(32_000);
  expect([plain.writes.length, coded.writes.length]).toEqual(before);
});

it("sends nothing where a page holds nothing for a reader: nothing packed would be something", () => {
  const world = new World();
  world.open({ coding: tinyCoding });
  world.turn();
  const reader = world.open({ coding: tinyCoding, appetite: "when-told" });
  world.turn();
  world.publish("elsewhere");
  world.drain(reader);
  expect([reader.writes.length, world.isMember(reader)]).toEqual([1, true]);
});

it("holds a round to its bytes before it is packed", () => {
  const world = new World({ limits: { roundBytes: 100 } });
  const client = world.open({ coding: tinyCoding });
  world.turn();
  for (let index = 0; index < 4; index += 1) world.publish("news", "x");
  world.clock.advance(100);
  expect(client.offsets).toEqual([1, 2, 3, 4]);
  expect(bodiesOf(client).slice(1)).toEqual([
    [1, "event", "event"],
    [1, "event", "event"],
  ]);
});
