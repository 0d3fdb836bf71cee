import * as fc from "fast-check";
import { expect } from "vitest";

import { type Condition, type Conditions, NetworkWorld, publishEveryMs } from "./network-world.js";

interface Phase {
  readonly seconds: number;
  readonly conditions: Conditions;
  /** What the page reports at the end of the phase. */
  readonly page: "nothing" | "pageshow" | "online";
}

const troubles: readonly Condition[] = [
  "good",
  "headOnly",
  "firstBytes",
  "bursts",
  "dark",
  "unreachable",
  "busy",
  "busyLater",
  "foreign",
];

const calm: Phase = { seconds: 30, conditions: ["good", "good", "good"], page: "nothing" };

const phasesOf = (
  conditions: fc.Arbitrary<Conditions>,
  maxSeconds: number,
  maxLength = 6,
): fc.Arbitrary<readonly Phase[]> =>
  fc.array(
    fc.record({
      seconds: fc.integer({ min: 1, max: maxSeconds }),
      conditions,
      page: fc.constantFrom("nothing", "nothing", "pageshow", "online"),
    }),
    { minLength: 1, maxLength },
  );

const anyCondition = fc.constantFrom(...troubles);
const mixed = fc.tuple(anyCondition, anyCondition, anyCondition);
/** A trouble of the whole network or of the hub. */
const common = anyCondition.map((one): Conditions => [one, one, one]);
const anyTrouble = phasesOf(fc.oneof(mixed, common), 60);

const loud = fc.constantFrom<Condition>("good", "headOnly", "unreachable", "busy", "foreign");
const loudTrouble = fc.oneof(
  fc.tuple(loud, loud, loud),
  loud.map((one): Conditions => [one, one, one]),
);
const deploy = fc.constantFrom<Conditions>(
  ["busy", "busy", "busy"],
  ["busyLater", "busyLater", "busyLater"],
  ["good", "good", "good"],
);
const withoutPage = (phase: Phase): Phase => ({ ...phase, page: "nothing" });
const oneWorks = fc.tuple(mixed, fc.nat(2)).map(([conditions, n]) => withGood(conditions, n));

function withGood([a, b, c]: Conditions, n: number): Conditions {
  return [n === 0 ? "good" : a, n === 1 ? "good" : b, n === 2 ? "good" : c];
}

/** The conditions of the last phase; if no transport works in it, the one that is drawn from its length does. */
function workingOf(phases: readonly Phase[]): Conditions {
  const { conditions = calm.conditions, seconds = 0 } = phases.at(-1) ?? {};
  const dead = (condition: Condition): Condition => (condition === "dark" ? "headOnly" : condition);
  const [a, b, c] = conditions;
  return withGood([dead(a), dead(b), dead(c)], seconds % 3);
}

/** Goes through the phases. After them there is no trouble. */
async function live(world: NetworkWorld, phases: readonly Phase[]): Promise<void> {
  for (const { seconds, conditions, page } of phases) {
    world.conditions = conditions;
    await world.advance(seconds * 1000);
    if (page !== "nothing") world.fire(page);
  }
  world.conditions = ["good", "good", "good"];
}

/** The time until the program has received an event that was published after the call. */
async function untilReceived(world: NetworkWorld): Promise<number> {
  const { published } = world;
  const startedAtMs = world.clock.monotonic();
  for (let n = 0; n < 120 && Number(world.got.at(-1) ?? 0) <= published; n += 1) await world.advance(1000);
  return world.clock.monotonic() - startedAtMs;
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** The first events are missing if the first stream opened later. After that, every event came once and in order. */
function expectContiguous(got: readonly string[]): void {
  const first = Number(got[0] ?? 0);
  expect(got).toEqual(got.map((_, n) => String(first + n)));
}

/** A check, and the runs that it must hold for. */
interface NetworkProperty {
  readonly name: string;
  readonly phases: fc.Arbitrary<readonly Phase[]>;
  readonly check: (world: NetworkWorld) => Promise<void>;
}

/** What the library promises in every order of network troubles. */
export const networkProperties: readonly NetworkProperty[] = [
  {
    name: "receives again, returns to the first transport within 2 minutes, and loses and repeats nothing",
    phases: anyTrouble,
    check: returns,
  },
  {
    name: "receives again within 15 s after a trouble of at most 25 s without silence",
    phases: phasesOf(loudTrouble, 8, 3).map((phases) => [calm].concat(phases)),
    check: receivesWithin15s,
  },
  {
    name: "keeps a transport that has worked while the hub restarts or is overloaded",
    phases: phasesOf(deploy, 15).map((phases) => [calm].concat(phases.map(withoutPage))),
    check: keepsTransport,
  },
  {
    name: "finds a transport that works within two minutes, as long as one does",
    phases: phasesOf(fc.oneof(mixed, common, oneWorks), 60).map((phases) =>
      phases.concat({ seconds: 180, conditions: workingOf(phases), page: "nothing" }),
    ),
    check: hasFoundTransport,
  },
  {
    name: "ends only if the hub itself refuses",
    phases: anyTrouble,
    check: endsOnlyByHub,
  },
];

/** Draws `numRuns` orders of troubles, and checks the property after each. */
export async function assertProperty(
  { phases, check }: NetworkProperty,
  runs: { readonly numRuns: number; readonly seed: number },
): Promise<void> {
  const property = fc.asyncProperty(phases, fc.nat(), async (drawn, seed) => {
    const world = new NetworkWorld(randomFrom(seed));
    try {
      await live(world, drawn);
      await check(world);
    } finally {
      await world.close();
    }
  });
  await fc.assert(property, runs);
}

/** A stream that is silent since the end of the trouble counts as dead after 37.5 s. The hub publishes every 5 s. */
async function returns(world: NetworkWorld): Promise<void> {
  const receivedMs = await untilReceived(world);
  expect(receivedMs).toBeLessThanOrEqual(37_500 + 5000 + publishEveryMs);
  await world.advance(120_000 - receivedMs);
  expect(world.state).toEqual({ kind: "open", transport: "event-stream" });
  await world.advance(publishEveryMs);
  expectContiguous(world.got);
  expect(world.attempts.length).toBeLessThan(20 + world.clock.monotonic() / 1000);
}

async function receivesWithin15s(world: NetworkWorld): Promise<void> {
  expect(await untilReceived(world)).toBeLessThanOrEqual(15_000 + publishEveryMs);
}

async function keepsTransport(world: NetworkWorld): Promise<void> {
  await untilReceived(world);
  const opened = world.states.flatMap((state) => (state.kind === "open" ? [state.transport] : []));
  expect([...new Set(opened)]).toEqual(["event-stream"]);
}

/** The longest way: a transport that has worked begins to answer 502, and the next one holds its streams. */
async function hasFoundTransport(world: NetworkWorld): Promise<void> {
  const missing = world.published - Number(world.got.at(-1) ?? 0);
  expect(missing * publishEveryMs).toBeLessThan(120_000);
}

async function endsOnlyByHub(world: NetworkWorld): Promise<void> {
  expect(world.states.map(({ kind }) => kind)).not.toContain("closed");
  world.conditions = ["refused", "refused", "refused"];
  world.fire("online");
  await world.advance(publishEveryMs);
  world.fire("online");
  await world.advance(90_000);
  expect(world.state).toMatchObject({ kind: "closed", error: { status: 403 } });
  const { length } = world.attempts;
  await world.advance(120_000);
  expect(world.attempts).toHaveLength(length);
}
