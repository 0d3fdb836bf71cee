import { Bed } from "../../environment/environment.js";
import { spreadOf, type Spread } from "../../report/report.js";
import type { Scenario } from "../scenario.js";

const clients = 100;
const pairs = 5;
const publications = 20_000;

/** What a publication costs beside clients that it does not concern, against the same hub without them. */
function otherTopics(options: {
  readonly name: string;
  readonly others: number;
  readonly workers: boolean;
}): Scenario {
  const { name, others, workers } = options;
  return {
    name,
    title: `processor time of a publication to 100 clients beside ${others.toLocaleString("en")} on 10,000 other topics`,
    ...(workers ? { needs: "workers" as const } : {}),
    figures: {
      with: { title: "with them", unit: "µs", better: "less" },
      without: { title: "without", unit: "µs", better: "less" },
      gap: { title: "between the ranges", unit: "µs", better: "less" },
    },
    bed: () => ({ clients, topics: "one", ids: false, others }),
    measure: async (bed) => {
      const bare = await Bed.open(bed.contestant, { clients, topics: "one", ids: false });
      try {
        const [beside, alone] = await alternate(bed, bare);
        const gap = Math.max(0, beside.min - alone.max, alone.min - beside.max);
        const note = `${pairs} alternating runs: ${rangeText(beside)} with them, ${rangeText(alone)} without`;
        return { figures: { with: beside.median, without: alone.median, gap }, notes: [note] };
      } finally {
        await bare.close();
      }
    },
  };
}

async function alternate(bed: Bed, bare: Bed): Promise<[Spread, Spread]> {
  const [beside, alone]: [number[], number[]] = [[], []];
  await costUs(bed);
  await costUs(bare);
  for (let pair = 0; pair < pairs; pair++) {
    beside.push(await costUs(bed));
    alone.push(await costUs(bare));
  }
  return [spreadOf(beside), spreadOf(alone)];
}

/** The server's processor time for one publication, in microseconds, over many. */
async function costUs(bed: Bed): Promise<number> {
  await bed.warmUp();
  const before = bed.cpuSeconds();
  const published = await bed.publisher.call("publish", { count: publications });
  const { behind } = await bed.drained(published, 60_000);
  if (behind > 0) throw new Error(`${behind} clients had not everything after a minute`);
  return ((bed.cpuSeconds() - before) * 1e6) / publications;
}

function rangeText({ min, max }: Spread): string {
  return `${min.toFixed(1)} to ${max.toFixed(1)} µs`;
}

export const otherTopicsScenarios: readonly Scenario[] = [
  otherTopics({ name: "other-topics-14000", others: 14_000, workers: false }),
  otherTopics({ name: "other-topics-100000", others: 100_000, workers: true }),
];
