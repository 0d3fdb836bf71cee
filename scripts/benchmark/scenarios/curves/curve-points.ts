import { percentileMs } from "../../statistics/histogram.js";
import type { Scenario } from "../scenario.js";

/** The clients and publications of one point. */
interface Load {
  readonly clients: number;
  readonly perSecond: number;
  readonly topics?: "own";
  readonly bytes?: number;
}

interface Curve {
  readonly name: string;
  readonly title: string;
  readonly points: readonly number[];
  readonly load: (x: number) => Load;
}

const seconds = 3;
const drainMs = 10_000;

const curves: readonly Curve[] = [
  {
    name: "clients",
    title: "clients of one topic, 10 publications/s",
    points: [100, 300, 1000, 3000, 10_000],
    load: (clients) => ({ clients, perSecond: 10 }),
  },
  {
    name: "rate",
    title: "publications/s to 200 clients",
    points: [10, 30, 100, 300, 1000, 3000, 10_000],
    load: (perSecond) => ({ clients: 200, perSecond }),
  },
  {
    name: "payload",
    title: "bytes per publication, 20/s to 1,000 clients",
    points: [50, 200, 1000, 3000, 10_000],
    load: (bytes) => ({ clients: 1000, perSecond: 20, bytes }),
  },
  {
    name: "topics",
    title: "topics with one client each, 1,000 publications/s in total",
    points: [1, 10, 100, 1000, 10_000],
    load: (clients) => ({ clients, perSecond: 1000, topics: "own" }),
  },
];

/** One scenario for each point. */
export const curvePoints: readonly Scenario[] = Object.freeze(
  curves.flatMap((curve) => curve.points.map((x) => pointOf(curve, x))),
);

function pointOf({ name, title, load }: Curve, x: number): Scenario {
  const { clients, perSecond, topics = "one", bytes } = load(x);
  return {
    name: `${name}-${x}`,
    title: `${x.toLocaleString("en")} ${title}`,
    point: { curve: name, title, x },
    figures: {
      cpu: { title: "server's CPU time per delivery", unit: "µs", better: "less" },
      p50: { title: "median delay", unit: "ms", better: "less" },
      p99: { title: "p99", unit: "ms", better: "less" },
    },
    environment: (size) => ({ clients: size.clients(clients), topics, ids: false }),
    measure: async (environment, size) => {
      const { report, drained, cpuSeconds } = await environment.publishFor({
        perSecond,
        seconds: size.seconds(seconds),
        drainWithin: drainMs,
        ...(bytes === undefined ? {} : { bytes }),
      });
      if (drained.behind > 0)
        throw new Error(`${drained.behind} clients had not received everything in time`);
      const { delays, events, faults } = report;
      const [p50 = 0, p99 = 0] = [percentileMs(delays, 0.5), percentileMs(delays, 0.99)];
      return { figures: { cpu: (cpuSeconds * 1e6) / events, p50, p99 }, faults };
    },
  };
}
