import type { Environment } from "../environment/environment.js";
import { percentileMs } from "../statistics/histogram.js";
import { rateNote, slowNote, type Measurement } from "./measurement.js";
import type { RunSize } from "./run-size.js";
import type { Scenario } from "./scenario.js";

const figures = {
  p50: { title: "median", unit: "ms", better: "less" },
  p99: { title: "p99", unit: "ms", better: "less" },
} as const;

/**
 * Time for delivery after the last publication. If a server needs longer, the report has a remark, and the next
 * scenario has a new environment.
 */
const drainSeconds = 5;

/** Delay from publishing to the client, at a constant rate. */
function delayAt(options: {
  readonly name: string;
  readonly title: string;
  readonly perSecond: number;
  readonly clients: number;
  readonly seconds: number;
  readonly topics?: "own";
}): Scenario {
  const { name, title, perSecond, clients, seconds, topics } = options;
  return {
    name,
    title,
    figures,
    ...(topics === undefined ? {} : { needs: "topics" as const }),
    // The resume storm uses the same environment, and its clients store event ids.
    environment: (size) => ({
      clients: size.clients(clients),
      topics: topics ?? "one",
      ids: clients > 1000 && topics === undefined,
    }),
    measure: async (environment, size) => measureDelay(environment, size, { perSecond, seconds }),
  };
}

async function measureDelay(
  environment: Environment,
  size: RunSize,
  rate: { readonly perSecond: number; readonly seconds: number },
): Promise<Measurement> {
  const { perSecond } = rate;
  const { published, report, drained } = await environment.publishFor({
    perSecond,
    seconds: size.seconds(rate.seconds),
    drainWithin: drainSeconds * 1000,
  });
  const [p50, p99] = [percentileMs(report.delays, 0.5), percentileMs(report.delays, 0.99)];
  if (p50 === undefined || p99 === undefined) throw new Error("no event arrived");
  const notes = rateNote(perSecond, published);
  const late = drained.behind > 0;
  if (late)
    notes.push(
      `${drained.behind} clients had not received everything ${drainSeconds} s after the last publication`,
      slowNote,
    );
  return { figures: { p50, p99 }, faults: report.faults, notes, once: late };
}

export const delayScenarios: readonly Scenario[] = [
  delayAt({
    name: "delay-1000",
    title: "delay at 10 publications/s, 1,000 clients",
    perSecond: 10,
    clients: 1000,
    seconds: 2,
  }),
  delayAt({
    name: "rate-1000",
    title: "delay at 1,000 publications/s, 1,000 clients",
    perSecond: 1000,
    clients: 1000,
    seconds: 1.5,
  }),
];

export const largeDelayScenario = delayAt({
  name: "delay-10000",
  title: "delay at 10 publications/s, 10,000 clients",
  perSecond: 10,
  clients: 10_000,
  seconds: 2,
});

export const topicsScenario = delayAt({
  name: "topics-10000",
  title: "delay at 2,000 publications/s to 10,000 topics with one client each",
  perSecond: 2000,
  clients: 10_000,
  seconds: 2,
  topics: "own",
});
