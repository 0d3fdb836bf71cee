import type { LiveItem } from "@pharos/client";
import { assert, asyncProperty, array, boolean, constantFrom, integer, oneof, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { TopicStore } from "../../../packages/react/src/topic-store.js";
import { FakeHub } from "./fake-connection.js";

function storeOf(hub: FakeHub): TopicStore {
  return new TopicStore({ url: "/", options: {}, connect: hub.connect });
}

/** Lets the store ask, and the hub answer, until nothing is left. */
async function settle(hub: FakeHub): Promise<void> {
  for (let idle = 0; idle < 3;) {
    await new Promise((resolve) => setImmediate(resolve));
    idle = hub.answer() ? 0 : idle + 1;
  }
}

function followed(
  store: TopicStore,
  ...filters: readonly string[]
): { readonly ids: string[]; leave: () => void } {
  const ids: string[] = [];
  const leave = store.follow(filters, (item: LiveItem) => item.kind === "event" && ids.push(item.id));
  return { ids, leave };
}

describe("a filter that the hub refuses", () => {
  it("does not keep later components from their events", async () => {
    // Bug: each later component asked for the refused filter again, together with its own, and the hub refused them all.
    const hub = new FakeHub();
    hub.refuses.set("bad", 403);
    const store = storeOf(hub);
    const first = followed(store, "first");
    store.open();
    await settle(hub);
    followed(store, "bad");
    await settle(hub);
    const later = followed(store, "later");
    await settle(hub);
    const ids = [hub.publish("first"), hub.publish("later")];
    expect([first.ids, later.ids]).toEqual([[ids[0]], [ids[1]]]);
    expect(store.connection).toMatchObject({ state: { kind: "open" }, refusedFilters: ["bad"] });
    expect(store.connection.refused?.message).toBe("refused bad");
  });

  it("among the first ones leaves the others", async () => {
    // Bug: the connection closed for good, and `refused` stayed undefined.
    const hub = new FakeHub();
    hub.refuses.set("bad", 400);
    const store = storeOf(hub);
    const all = ["a", "b", "bad", "c", "d"].map((filter) => followed(store, filter));
    store.open();
    await settle(hub);
    const ids = ["a", "b", "bad", "c", "d"].map((topic) => hub.publish(topic));
    expect(all.map((each) => each.ids)).toEqual([[ids[0]], [ids[1]], [], [ids[3]], [ids[4]]]);
    expect(store.connection).toMatchObject({ state: { kind: "open" }, refusedFilters: ["bad"] });
  });

  it("is forgotten with its component, and tried again with the next", async () => {
    const hub = new FakeHub();
    hub.refuses.set("bad", 403);
    const store = storeOf(hub);
    const { leave } = followed(store, "bad");
    store.open();
    await settle(hub);
    expect(store.connection.refusedFilters).toEqual(["bad"]);
    leave();
    await settle(hub);
    expect(store.connection).toMatchObject({ refused: undefined, refusedFilters: [] });
    hub.refuses.clear();
    const { ids } = followed(store, "bad");
    await settle(hub);
    expect([hub.publish("bad")]).toEqual(ids);
  });

  it("was accepted before: the others go on where they were, and are told that they may have missed events", async () => {
    // Bug: the connection closed for good when the rights had shrunk before a reconnect.
    const hub = new FakeHub();
    const store = storeOf(hub);
    const items: string[] = [];
    store.follow(["kept"], (item) => items.push(item.kind === "gap" ? "gap" : item.id));
    followed(store, "lost");
    store.open();
    await settle(hub);
    hub.refuses.set("lost", 403);
    hub.live?.breakStream();
    await settle(hub);
    expect(store.connection).toMatchObject({ state: { kind: "open" }, refusedFilters: ["lost"] });
    expect(hub.lastEventId).toBe("#position");
    expect(items).toEqual(["gap", hub.publish("kept")]);
  });

  it("costs few requests, also if the hub refuses everything", async () => {
    const hub = new FakeHub();
    const names = Array.from({ length: 100 }, (_, index) => `topic/${index}`);
    for (const name of names) hub.refuses.set(name, 403);
    const store = storeOf(hub);
    followed(store, ...names);
    store.open();
    await settle(hub);
    expect(hub.requests).toBeLessThanOrEqual(16);
    expect(store.connection.refusedFilters).toEqual(names);
    const late = followed(store, "fine");
    await settle(hub);
    expect([hub.publish("fine")]).toEqual(late.ids);
  });

  it("is not to blame for a refused token", async () => {
    const hub = new FakeHub();
    hub.refuses.set("a", 401);
    const store = storeOf(hub);
    followed(store, "a");
    store.open();
    await settle(hub);
    expect(hub.requests).toBe(1);
    expect(store.connection).toMatchObject({ state: { kind: "closed" }, refusedFilters: [] });
  });
});

describe("a retained value", () => {
  it("comes once to each component, also if another filter brings it again", async () => {
    const hub = new FakeHub();
    const store = storeOf(hub);
    const id = hub.publish("a/b", { retain: true });
    store.open();
    const wide = followed(store, "a/#");
    await settle(hub);
    const narrow = followed(store, "a/b");
    await settle(hub);
    const other = followed(store, "a/+");
    await settle(hub);
    expect([wide.ids, narrow.ids, other.ids]).toEqual([[id], [id], [id]]);
  });
});

describe("a component whose filters change", () => {
  it("gets no event again, and the retained values that it has not had", async () => {
    const hub = new FakeHub();
    const store = storeOf(hub);
    const [one, two] = [hub.publish("a/1", { retain: true }), hub.publish("b/1", { retain: true })];
    store.open();
    followed(store, "b/#");
    const ids: string[] = [];
    const listener = (item: LiveItem): unknown => item.kind === "event" && ids.push(item.id);
    const component = {};
    const leave = store.follow(["a/#"], listener, component);
    await settle(hub);
    leave();
    store.follow(["a/#", "a/1", "b/1"], listener, component);
    await settle(hub);
    expect(ids).toEqual([one, two]);
  });
});

const topics = ["a", "b", "c", "d"];
const filters = [...topics, "#", "x/#/y"];

describe("components that come and go while the hub refuses some of their filters", () => {
  it("get each event of an accepted filter once and in order, from their first on", async () => {
    const move = oneof(
      record({ kind: constantFrom("come" as const), filter: constantFrom(...filters) }),
      record({ kind: constantFrom("go" as const), index: integer({ min: 0, max: 9 }) }),
      record({ kind: constantFrom("publish" as const), topic: constantFrom(...topics), retain: boolean() }),
      record({ kind: constantFrom("answer" as const) }),
      record({ kind: constantFrom("settle" as const) }),
    );
    await assert(
      asyncProperty(
        array(move, { maxLength: 40 }),
        array(constantFrom(...topics), { maxLength: 2 }),
        async (moves, bad) => {
          const hub = new FakeHub();
          hub.refuses.set("x/#/y", 400);
          for (const topic of bad) hub.refuses.set(topic, 403);
          const store = storeOf(hub);
          store.open();
          const present: { readonly filter: string; readonly ids: string[]; readonly leave: () => void }[] =
            [];
          for (const each of moves) {
            if (each.kind === "come") present.push({ filter: each.filter, ...followed(store, each.filter) });
            else if (each.kind === "go") present.splice(each.index, 1)[0]?.leave();
            else if (each.kind === "publish") hub.publish(each.topic, { retain: each.retain });
            else if (each.kind === "answer") hub.answer();
            else await settle(hub);
          }
          await settle(hub);
          const wanted = new Set(present.map(({ filter }) => filter));
          const refused = [...wanted].filter((filter) => hub.refuses.has(filter));
          expect([...store.connection.refusedFilters].sort()).toEqual(refused.sort());
          expect([...(hub.live?.filters ?? [])].sort()).toEqual(
            [...wanted].filter((filter) => !refused.includes(filter)).sort(),
          );
          const id = hub.publish("c");
          const matches = (filter: string): boolean => filter === "c" || filter === "#";
          const isDelivered = [...wanted].some((filter) => matches(filter) && !hub.refuses.has(filter));
          for (const { filter, ids } of present) {
            expect(ids.at(-1) === id).toBe(isDelivered && matches(filter));
            expect(ids).toEqual([...new Set(ids)]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
