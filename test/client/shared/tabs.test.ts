import * as fc from "fast-check";
import { expect, it } from "vitest";

import { matchesTopic } from "../../../src/client/messages/topic-match.js";
import { everything, filters, TabsWorld, topics, type TestTab } from "./tabs-world.js";

type Action =
  | { readonly kind: "join"; readonly wanted: readonly string[] }
  | { readonly kind: "add"; readonly wanted: readonly string[]; readonly tab: number }
  | { readonly kind: "leave" | "crash"; readonly tab: number }
  | { readonly kind: "publish"; readonly topic: string }
  | { readonly kind: "deliver"; readonly choices: readonly number[] };

const maxTabs = 5;

const some = fc.subarray([...filters], { minLength: 1 });
const tab = fc.nat(maxTabs);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      wanted: fc.oneof({ weight: 3, arbitrary: some }, { weight: 1, arbitrary: fc.constant([everything]) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("add" as const), wanted: some, tab }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "crash" as const), tab }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), topic: fc.constantFrom(...topics) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      choices: fc.array(fc.nat(20), { maxLength: 8 }),
    }),
  },
);

async function perform(world: TabsWorld, action: Action): Promise<void> {
  switch (action.kind) {
    case "join":
      return world.tabs.length < maxTabs ? world.join(action.wanted) : undefined;
    case "add":
      return add(world.tabs[action.tab % Math.max(1, world.tabs.length)], action.wanted);
    case "leave":
      return world.take(action.tab)?.live.close();
    case "crash":
      return world.take(action.tab)?.crash();
    case "publish":
      return world.hub.publish(action.topic);
    case "deliver":
      for (const choice of action.choices) await world.deliver(choice);
      return undefined;
    default:
      return action satisfies never;
  }
}

/** A tab that follows everything adds nothing: the hub sends the values of an added filter, also if the tab has them. */
function add(tab: TestTab | undefined, wanted: readonly string[]): void {
  if (tab?.live.filters.includes(everything) === false) void tab.live.add(...wanted);
}

/** A tab gets something for each topic that it follows, then each later publication, all of them once and in order. */
function expectComplete({ live, got, states }: TestTab, { hub }: TabsWorld): void {
  for (const topic of topics.filter((topic) => live.filters.some((filter) => matchesTopic(filter, topic)))) {
    const offsets = got.filter((item) => item.topic === topic).map(({ offset }) => offset);
    const due = hub.publications.filter((publication) => publication.topic === topic);
    const first = offsets[0] ?? -1;
    expect(offsets).toEqual(due.map(({ offset }) => offset).filter((offset) => offset >= first));
    expect(offsets.length).toBeGreaterThan(0);
  }
  expect(states.filter((state, n) => state === states[n - 1])).toEqual([]);
}

// Bug: a tab that had only received retained values received them again when another tab joined, and every tab was told
// each time that the connection is open.
it("each tab gets each value and each publication once, whenever tabs join, leave and add filters", async () => {
  const property = fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 30 }), async (actions) => {
    const world = new TabsWorld();
    try {
      for (const action of actions) await perform(world, action);
      await world.settled();
      await world.deliverAll();
      for (const tab of world.tabs) expectComplete(tab, world);
    } finally {
      world.close();
    }
  });
  await expect(fc.assert(property, { numRuns: 1000, seed: 20_261_130 })).resolves.toBeUndefined();
});
