import { setTimeout as delay } from "node:timers/promises";
import type { Bed } from "../environment/environment.js";
import type { Faults } from "../load/load-clients.js";
import { percentileMs } from "../statistics/histogram.js";
import type { Scale, Scenario, TurnMemory } from "./scenario.js";

/** A rate counts only while its p99 stays under this. */
const p99LimitMs = 1500;
/** What arrives and what is taken must be this much of what should. */
const steady = 0.95;
/** Of a core; what is missing are the moments in which it waits for the next bytes. */
const busy = 0.9;
const firstRate = 50;
const highestRate = 200_000;
/** Factors from one rate to the next: of the first search, and of a later turn, which begins where the last one ended. */
const coarse = { growth: 4, until: 1.25 } as const;
const fine = { growth: 1.12, until: 1.12 } as const;
/** Rates tried in one turn, at most. */
const stepsAtMost = 14;

/** What one rate gave. */
interface Step {
  readonly rate: number;
  readonly deliveries: number;
  readonly p99: number;
  readonly passed: boolean;
  readonly faults: Faults;
  /** Clients that the server closed. */
  readonly closed: number;
  /** Processor time a second of each part, clients and publisher included. */
  readonly cores: Readonly<Record<string, number>>;
}

interface Found {
  readonly best: Step;
  /** What went wrong at rates that failed. */
  readonly notes: readonly string[];
}

/**
 * The most deliveries a second, checked at the clients, at a rate that the server keeps: what is published arrives
 * within the same window, nothing is lost, nobody is closed, and p99 stays under 1.5 seconds.
 */
export const saturationScenario: Scenario = {
  name: "saturation",
  title: "saturation, 1,000 clients (p99 under 1.5 s)",
  figures: {
    deliveries: { title: "deliveries", unit: "/s", better: "more" },
    rate: { title: "publications", unit: "/s", better: "more" },
    p99: { title: "p99 there", unit: "ms", better: "less" },
  },
  bed: (scale) => ({ clients: scale.clients(1000), topics: "one", ids: false }),
  measure: async (bed, scale, memory) => {
    await bed.warmUp();
    const { best, notes } = await search(bed, scale, memory);
    memory.set("rate", best.rate);
    return {
      figures: { deliveries: best.deliveries, rate: best.rate, p99: best.p99 },
      faults: best.faults,
      cores: best.cores,
      notes: [...notes, ...limitNotes(best)],
    };
  },
};

/** Multiplies until a rate fails, then halves the distance until it is small. A later turn begins near the earlier one. */
async function search(bed: Bed, scale: Scale, memory: TurnMemory): Promise<Found> {
  const before = memory.get("rate");
  const { growth, until } = before === undefined ? coarse : fine;
  const notes: string[] = [];
  let best: Step | undefined;
  let failing = Infinity;
  let rate = before ?? firstRate;
  for (let count = 0; count < (scale.quick ? 3 : stepsAtMost) && rate >= 1 && rate <= highestRate; count++) {
    const step = await tryRate(bed, scale, rate);
    if (step.passed) best = step;
    else failing = Math.min(failing, rate);
    notes.push(...faultNotes(step));
    if (best !== undefined && failing / best.rate <= until * 1.01) break;
    if (best === undefined) rate /= growth;
    else rate = failing === Infinity ? best.rate * growth : Math.sqrt(best.rate * failing);
  }
  if (best === undefined) throw new Error("no rate passed: at each, events came too late or were lost");
  return { best, notes };
}

/** Losing something is more than being late: it is told even of rates that do not count. */
function faultNotes({ passed, faults, closed, rate }: Step): string[] {
  if (passed) return [];
  const wrong = Object.entries({ ...faults, closed }).filter(([, count]) => count > 0);
  const text = wrong.map(([name, count]) => `${count} ${name}`).join(", ");
  return wrong.length === 0 ? [] : [`at ${Math.round(rate)} publications a second: ${text}`];
}

/** Clients and publisher are one thread each: where one of them has no time left, the server might do more. */
function limitNotes({ cores }: Step): string[] {
  const full = ["clients", "publisher"].filter((part) => (cores[part] ?? 0) > busy);
  return full.length === 0 ? [] : [`a lower bound: the ${full.join(" and the ")} had no time left`];
}

/** Publishes at a rate until it is steady, looks at a window of it, and waits until everybody has everything. */
async function tryRate(bed: Bed, scale: Scale, rate: number): Promise<Step> {
  const { crowd, publisher, spec } = bed;
  await crowd.reset();
  await publisher.call("begin", { perSecond: rate });
  const start = await watch(bed, scale.seconds(0.5));
  // Far too much: what piles up would take long to come out.
  const hopeless = !scale.quick && start.deliveries < (rate * spec.clients) / 3;
  if (!hopeless) await crowd.reset();
  const window = hopeless ? start : await watch(bed, scale.seconds(1));
  const published = await publisher.call("stop", null);
  const { behind, open } = await bed.drained(published, 15_000);
  const { faults } = await crowd.report();
  const closed = spec.clients - open;
  if (closed > 0) await bed.refill();
  const faultless = behind === 0 && closed === 0 && Object.values(faults).every((count) => count === 0);
  const kept =
    Math.min(published.stretch / published.seconds, window.deliveries / spec.clients) >= rate * steady;
  const inTime = Number.isFinite(window.p99) && (scale.quick || (kept && window.p99 < p99LimitMs));
  return { rate, faults, closed, ...window, passed: faultless && inTime };
}

async function watch(bed: Bed, seconds: number): Promise<Pick<Step, "deliveries" | "p99" | "cores">> {
  const [before, cpuBefore] = [await bed.crowd.report(), bed.cpuSecondsOfParts()];
  await delay(seconds * 1000);
  const [after, cpuAfter] = [await bed.crowd.report(), bed.cpuSecondsOfParts()];
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
