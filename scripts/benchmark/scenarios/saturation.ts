import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "../environment/environment.js";
import type { Faults } from "../load/load-clients.js";
import { percentileMs } from "../statistics/histogram.js";
import type { RunSize } from "./run-size.js";
import type { Scenario, TurnState } from "./scenario.js";

/** A rate passes only if its p99 is below this limit. */
const p99LimitMs = 1500;
/** The server must accept and deliver at least this share of the rate. */
const requiredShare = 0.95;
/**
 * Share of a core above which a single-threaded part counts as saturated. In the remaining time, the part waits for
 * bytes.
 */
const saturatedShare = 0.9;
const firstRate = 50;
const highestRate = 200_000;
/**
 * Factors from one rate to the next in a candidate's first turn. Later turns begin at the candidate's best rate so far.
 */
const firstSearch = { growth: 4, until: 1.25 } as const;
/** Maximum number of rates in one turn. */
const stepsAtMost = 14;

/** The result of one rate. */
interface Step {
  readonly rate: number;
  readonly deliveries: number;
  readonly p99: number;
  readonly passed: boolean;
  readonly faults: Faults;
  /** Clients that the server disconnected. */
  readonly closed: number;
  /** CPU cores used by each part, clients and publisher included. */
  readonly cores: Readonly<Record<string, number>>;
}

interface Found {
  readonly best: Step;
  /** Faults that happened at rates that failed. */
  readonly notes: readonly string[];
}

/**
 * The highest number of deliveries per second at which a server passes. A rate passes under these conditions (the
 * clients check them):
 * - Events arrive as fast as the publisher sends events.
 * - No event is lost.
 * - The server disconnects no client.
 * - p99 is below 1.5 seconds.
 */
export const saturationScenario: Scenario = {
  name: "saturation",
  title: "saturation, 1,000 clients (p99 under 1.5 s)",
  figures: {
    deliveries: { title: "deliveries", unit: "/s", better: "more" },
    rate: { title: "publications", unit: "/s", better: "more" },
    p99: { title: "p99 there", unit: "ms", better: "less" },
  },
  environment: (size) => ({ clients: size.clients(1000), topics: "one", ids: false }),
  measure: async (environment, size, state) => {
    await environment.warmUp();
    const { best, notes } = await search(environment, size, state);
    state.set("rate", best.rate);
    return {
      figures: { deliveries: best.deliveries, rate: best.rate, p99: best.p99 },
      faults: best.faults,
      cores: best.cores,
      notes: [...notes, ...limitNotes(best)],
    };
  },
};

/**
 * Raises the rate until a rate fails. Then tries rates between the highest passing and the lowest failing rate until
 * these two are close together.
 */
async function search(environment: Environment, size: RunSize, state: TurnState): Promise<Found> {
  const before = state.get("rate");
  const laterSearch = { growth: size.rateStep, until: size.rateStep };
  const { growth, until } = before === undefined ? firstSearch : laterSearch;
  const notes: string[] = [];
  let best: Step | undefined;
  let failing = Infinity;
  let rate = before ?? firstRate;
  for (let count = 0; count < (size.quick ? 3 : stepsAtMost) && rate >= 1 && rate <= highestRate; count++) {
    const step = await tryRate(environment, size, rate);
    if (step.passed) best = step;
    else failing = Math.min(failing, rate);
    notes.push(...faultNotes(step));
    if (best !== undefined && failing / best.rate <= until * 1.01) break;
    if (best === undefined) rate /= growth;
    else rate = failing === Infinity ? best.rate * growth : Math.sqrt(best.rate * failing);
  }
  if (best === undefined) throw new Error("no rate passed: at each rate, events were late or lost");
  return { best, notes };
}

/** A lost event is worse than a late event, so the report shows lost events even for rates that did not pass. */
function faultNotes({ passed, faults, closed, rate }: Step): string[] {
  if (passed) return [];
  const wrong = Object.entries({ ...faults, closed }).filter(([, count]) => count > 0);
  const text = wrong.map(([name, count]) => `${count} ${name}`).join(", ");
  return wrong.length === 0 ? [] : [`at ${Math.round(rate)} publications a second: ${text}`];
}

/**
 * The load clients and the publisher have one thread each. If a thread is saturated, the server may be faster than
 * measured.
 */
function limitNotes({ cores }: Step): string[] {
  const full = ["clients", "publisher"].filter((part) => (cores[part] ?? 0) > saturatedShare);
  return full.length === 0 ? [] : [`a lower bound: no CPU time left for the ${full.join(" and the ")}`];
}

/** Publishes at a rate, measures a window after half a second, and waits until every client has received everything. */
async function tryRate(environment: Environment, size: RunSize, rate: number): Promise<Step> {
  const { loadClients, publisher, spec } = environment;
  await loadClients.reset();
  await publisher.call("begin", { perSecond: rate });
  const start = await measureWindow(environment, size.seconds(0.5));
  // If the rate is far too high, stop before the server has a long queue.
  const tooMuch = !size.quick && start.deliveries < (rate * spec.clients) / 3;
  if (!tooMuch) await loadClients.reset();
  const window = tooMuch ? start : await measureWindow(environment, size.seconds(1));
  const published = await publisher.call("stop", null);
  const { behind, open } = await environment.waitUntilDelivered(published, 15_000);
  const { faults } = await loadClients.report();
  const closed = spec.clients - open;
  if (closed > 0) await environment.reconnectAll();
  const faultless = behind === 0 && closed === 0 && Object.values(faults).every((count) => count === 0);
  const reached =
    Math.min(published.inPeriod / published.seconds, window.deliveries / spec.clients) >=
    rate * requiredShare;
  const inTime = Number.isFinite(window.p99) && (size.quick || (reached && window.p99 < p99LimitMs));
  return { rate, faults, closed, ...window, passed: faultless && inTime };
}

async function measureWindow(
  environment: Environment,
  seconds: number,
): Promise<Pick<Step, "deliveries" | "p99" | "cores">> {
  const [before, cpuBefore] = [await environment.loadClients.report(), environment.cpuSecondsOfParts()];
  await delay(seconds * 1000);
  const [after, cpuAfter] = [await environment.loadClients.report(), environment.cpuSecondsOfParts()];
  const took = (after.atMicros - before.atMicros) / 1e6;
  const cores = Object.entries(cpuAfter).map(([name, used]): [string, number] => [
    name,
    (used - (cpuBefore[name] ?? 0)) / took,
  ]);
  return {
    deliveries: (after.events - before.events) / took,
    p99: percentileMs(after.delays, 0.99) ?? Infinity,
    cores: Object.fromEntries([...cores, ["clients", (after.cpuMicros - before.cpuMicros) / 1e6 / took]]),
  };
}
