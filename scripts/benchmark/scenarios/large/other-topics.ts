import type { Environment } from "../../environment/environment.js";
import { openEnvironment } from "../../environment/open-environment.js";
import { spreadOf, type Spread } from "../../statistics/spread.js";
import type { Scenario } from "../scenario.js";

const clients = 100;
const pairs = 5;
const publications = 20_000;

/** CPU time of a publication while other clients are connected, compared with the same hub without these clients. */
function otherTopics(options: {
  readonly name: string;
  readonly others: number;
  readonly workers: boolean;
}): Scenario {
  const { name, others, workers } = options;
  return {
    name,
    title: `CPU time of a publication to 100 clients, with ${others.toLocaleString("en")} more on 10,000 other topics`,
    ...(workers ? { needs: "workers" as const } : {}),
    figures: {
      with: { title: "with them", unit: "µs", better: "less" },
      without: { title: "without", unit: "µs", better: "less" },
      gap: { title: "gap between the ranges", unit: "µs", better: "less" },
    },
    environment: () => ({ clients, topics: "one", ids: false, others }),
    measure: async (environment) => {
      const emptyHub = await openEnvironment(environment.candidate, { clients, topics: "one", ids: false });
      try {
        const [withThem, without] = await alternate(environment, emptyHub);
        const gap = Math.max(0, withThem.min - without.max, without.min - withThem.max);
        const note = `${pairs} alternating runs: ${rangeText(withThem)} with them, ${rangeText(without)} without`;
        return { figures: { with: withThem.median, without: without.median, gap }, notes: [note] };
      } finally {
        await emptyHub.close();
      }
    },
  };
}

async function alternate(environment: Environment, emptyHub: Environment): Promise<[Spread, Spread]> {
  const [withThem, without]: [number[], number[]] = [[], []];
  await costUs(environment);
  await costUs(emptyHub);
  for (let pair = 0; pair < pairs; pair++) {
    withThem.push(await costUs(environment));
    without.push(await costUs(emptyHub));
  }
  return [spreadOf(withThem), spreadOf(without)];
}

/** The server's mean CPU time per publication, in microseconds. */
async function costUs(environment: Environment): Promise<number> {
  await environment.warmUp();
  const before = environment.cpuSeconds();
  const published = await environment.publisher.call("publish", { count: publications });
  const { behind } = await environment.waitUntilDelivered(published, 60_000);
  if (behind > 0) throw new Error(`${behind} clients had not received everything after a minute`);
  return ((environment.cpuSeconds() - before) * 1e6) / publications;
}

function rangeText({ min, max }: Spread): string {
  return `${min.toFixed(1)} to ${max.toFixed(1)} µs`;
}

export const otherTopicsScenarios: readonly Scenario[] = [
  otherTopics({ name: "other-topics-14000", others: 14_000, workers: false }),
  otherTopics({ name: "other-topics-100000", others: 100_000, workers: true }),
];
