import { setTimeout as delay } from "node:timers/promises";
import type { Bed } from "../bed.js";
import type { Faults } from "../crowd.js";
import { percentileMs } from "../histogram.js";
import type { Scale, Scenario, TurnMemory } from "../scenario.js";

/** A rate counts only while its p99 stays under this. */
const p99LimitMs = 1500;
/** What arrives and what is taken must be this much of what should. */
const steady = 0.95;
const firstRate = 50;
const highestRate = 200_000;
const narrowing = 1.12;

/** What one rate gave. */
interface Step {
  readonly rate: number;
  readonly deliveries: number;
  readonly p99: number;
  readonly passed: boolean;
  readonly faults: Faults;
  readonly cpu: Readonly<Record<string, number>>;
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
    const best = await search(bed, scale, memory);
    memory.set("rate", best.rate);
    return {
      figures: { deliveries: best.deliveries, rate: best.rate, p99: best.p99 },
      faults: best.faults,
      notes: cpuNotes(best),
    };
  },
};

/** Doubles until a rate fails, then halves the distance until it is small. A later turn begins near the earlier one. */
async function search(bed: Bed, scale: Scale, memory: TurnMemory): Promise<Step> {
  const steps = scale.quick ? 3 : Infinity;
  let best: Step | undefined;
  let rate = (memory.get("rate") ?? firstRate / narrowing) * narrowing;
  const growth = memory.has("rate") ? narrowing : 2;
  let failing = Infinity;
  for (let count = 0; count < steps && rate <= highestRate; count++) {
    const step = await tryRate(bed, scale, rate);
    if (step.passed) best = step;
    else failing = Math.min(failing, rate);
    if (best !== undefined && failing / best.rate <= narrowing * 1.01) break;
    rate = nextRate({ rate, growth, best: best?.rate, failing });
    if (rate < 1) break;
  }
  if (best === undefined) throw new Error("no rate passed: at each, events came too late or were lost");
  return best;
}

function nextRate(state: {
  readonly rate: number;
  readonly growth: number;
  readonly best: number | undefined;
  readonly failing: number;
}): number {
  if (state.best === undefined) return state.rate / Math.max(state.growth, 1.25);
  if (state.failing === Infinity) return state.best * state.growth;
  return Math.sqrt(state.best * state.failing);
}

async function tryRate(bed: Bed, scale: Scale, rate: number): Promise<Step> {
  const { crowd, publisher } = bed;
  await publisher.call("begin", { perSecond: rate });
  await delay(scale.seconds(1) * 1000);
  await crowd.reset();
  const [before, cpuBefore] = [await crowd.report(), bed.cpuSecondsOfParts()];
  await delay(scale.seconds(2) * 1000);
  const [after, cpuAfter] = [await crowd.report(), bed.cpuSecondsOfParts()];
  const published = await publisher.call("stop", null);
  const { behind, open } = await bed.drained(published, 15_000);
  const { faults } = await crowd.report();
  const seconds = (after.atMicros - before.atMicros) / 1e6;
  const deliveries = (after.events - before.events) / seconds;
  const p99 = percentileMs(after.delays, 0.99) ?? Infinity;
  const faultless =
    Object.values(faults).every((count) => count === 0) && behind === 0 && open === bed.spec.clients;
  const taken = published.stretch / published.seconds >= rate * steady;
  const arrived = deliveries >= rate * bed.spec.clients * steady;
  const cpu = Object.keys(cpuAfter).map((name) => [
    name,
    ((cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0)) / seconds,
  ]);
  if (open < bed.spec.clients)
    throw new Error(`${bed.spec.clients - open} clients were closed at ${Math.round(rate)}/s`);
  const passed = (faultless && p99 < p99LimitMs && taken && arrived) || (scale.quick && faultless);
  return { rate, deliveries, p99, faults, cpu: Object.fromEntries(cpu), passed };
}

function cpuNotes(step: Step): string[] {
  const parts = Object.entries(step.cpu).map(([name, cores]) => `${name} ${cores.toFixed(2)}`);
  return [`cores used: ${parts.join(", ")}`];
}
