import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  allTopics,
  parseExactFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../src/hub/filters/filter.js";
import type { TopicFilter } from "../../src/hub/filters/filter.js";
import { parseTopic } from "../../src/hub/topics/topic.js";
import { subscriptionsTopic } from "../../src/presence/documents.js";
import { idOf } from "./subscriber-names.js";
import { Watcher, World, subscriberNamed } from "./watchers.js";

const baseUrl = "https://hub.example/.well-known/mercure";
const whole = `${subscriptionsTopic}/`;
/** The third subscriber, in a topic. */
const third = encodeURIComponent(idOf("s3"));

interface Kind {
  readonly filter: TopicFilter;
  readonly form: "current" | "older";
  readonly isAbout: (id: string) => boolean;
}

const all = (): boolean => true;

const kinds: readonly Kind[] = [
  { filter: allTopics, form: "current", isAbout: all },
  { filter: parseMqttFilter("#"), form: "current", isAbout: all },
  { filter: parseTemplateFilter(`${whole}{type}/{match}/{id}`), form: "current", isAbout: all },
  {
    filter: parseUrlPatternFilter(`${whole}:type/:match/:id`, { baseUrl }),
    form: "current",
    isAbout: all,
  },
  {
    filter: parseTemplateFilter(`${whole}exact/news/{id}`),
    form: "current",
    isAbout: (id) => id.includes("/exact/news/"),
  },
  {
    filter: parseExactFilter(`${whole}exact/sport/${third}`),
    form: "current",
    isAbout: (id) => id.endsWith(`/exact/sport/${third}`),
  },
  { filter: parseTemplateFilter(`${subscriptionsTopic}{/match}{/id}`), form: "older", isAbout: all },
];

type Step =
  | { readonly do: "join"; readonly texts: readonly string[] }
  | { readonly do: "leave" | "close" | "open" | "drain"; readonly which: number }
  | { readonly do: "publish" }
  | { readonly do: "wait"; readonly ms: number };

const texts = fc.constantFrom(["news"], ["news", "sport"], ["ü*"]);
const which = fc.nat({ max: 1000 });
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("join" as const), texts }) },
    {
      weight: 7,
      arbitrary: fc.record({ do: fc.constantFrom("leave", "leave", "close", "open", "drain"), which }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("publish" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(0, 1, 50, 100, 1000, 3000),
      }),
    },
  ),
  { minLength: 50, maxLength: 200 },
) as fc.Arbitrary<readonly Step[]>;

const worlds = fc.record({
  limits: fc.record({
    topicEvents: fc.constantFrom(3, 10, 1000),
    topics: fc.constantFrom(1, 2, 100),
    ageSeconds: fc.constantFrom(5, 1000),
  }),
  deliveriesPerSecond: fc.constantFrom(1, 3, 20, 1_000_000),
  baseUrl: fc.constant(baseUrl),
  roundBytes: fc.constantFrom(300, 5000),
});

const watchers = fc.array(fc.record({ kind: fc.constantFrom(...kinds), isFast: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

it("whoever watches subscriptions knows in the end who is there, or was told to ask", () => {
  let gaps = 0;
  const run = fc.property(worlds, watchers, steps, (options, specs, plan) => {
    const world = new World(options);
    const clients = specs.map(({ kind, isFast }) => new Watcher(world, { ...kind, isFast }));
    play(world, clients, plan);
    settle(world, clients);
    gaps += clients.reduce((sum, watcher) => sum + watcher.gaps, 0);
    expect(clients.map(({ mistakes }) => mistakes)).toEqual(clients.map(() => []));
  });
  fc.assert(run, { seed: 1, numRuns: 600 });
  expect(gaps).toBeGreaterThan(300);
});

function play(world: World, watchers: readonly Watcher[], plan: readonly Step[]): void {
  const present: (() => void)[] = [];
  let count = 0;
  for (const step of plan) {
    count += 1;
    if (step.do === "join") present.push(world.presence.enter(subscriberNamed(`s${count}`, ...step.texts)));
    else if (step.do === "wait") world.clock.advance(step.ms);
    else if (step.do === "publish") publish(world);
    else if (step.do === "leave") present.splice(step.which % Math.max(1, present.length), 1)[0]?.();
    else if (step.do === "drain")
      [...world.slow].slice(0, 1 + (step.which % 3)).forEach((one) => world.drain(one));
    else {
      const watcher = watchers[step.which % watchers.length];
      if (step.do === "close") watcher?.close();
      else if (watcher?.isOpen === false) watcher.open(`w${count}`);
    }
  }
}

function publish(world: World): void {
  const topics = [parseTopic("news")] as const;
  world.journal.append({ topics, data: "", retain: false, private: false });
}

/** All clients reconnect and receive everything. The clock then moves far enough to publish all changes. */
function settle(world: World, watchers: readonly Watcher[]): void {
  watchers.forEach((watcher, index) => {
    if (!watcher.isOpen) watcher.open(`last${index}`);
  });
  for (let round = 0; round < 400; round += 1) {
    world.clock.advance(round < 300 ? 50 : 5);
    for (const connection of world.slow) world.drain(connection);
  }
}
