import { setTimeout as delay } from "node:timers/promises";
import { currentToken } from "../token.js";
import { waitFor } from "../wait-for.js";
import { StormClient } from "./storm-client.js";
import type { StormClientOptions } from "./storm-client.js";
import { StormPublisher } from "./storm-publisher.js";
import { randomOf } from "./storm-topics.js";

/** Something that goes wrong, and is over when the promise resolves. */
export interface StormFault {
  readonly name: string;
  readonly make: () => Promise<void>;
}

export interface StormOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly port: () => number;
  readonly ingest: string;
  readonly perSecond: number;
  readonly clients: readonly Pick<StormClientOptions, "transport" | "acceptsGzip">[];
  /** The mean time between two changes of each client, in milliseconds. */
  readonly changeMs: number;
  /** True if clients also lose their connections. */
  readonly cuts: boolean;
  /** One of these at a time. @default none */
  readonly faults?: readonly StormFault[];
}

export interface StormReport {
  readonly published: number;
  readonly events: number;
  readonly gaps: number;
  /** How often each fault was made. */
  readonly made: ReadonlyMap<string, number>;
  /** Events that clients missed without a gap event, got twice or must not get. */
  readonly faults: readonly string[];
}

const tickMs = 10;
const settleMs = 3000;

/** Clients change and resume, a publisher publishes, and faults come one after the other. All clients have left at the end. */
export async function storm(options: StormOptions): Promise<StormReport> {
  const random = randomOf(options.seed);
  const token = await currentToken({ subscribe: ["*"], lifetimeSeconds: 7200 });
  const clients = options.clients.map(
    (each, index) =>
      new StormClient({ ...each, name: `${each.transport} ${index}`, port: options.port, token, random }),
  );
  const publisher = new StormPublisher({ endpoint: options.ingest, perSecond: options.perSecond, random });
  for (const client of clients) client.start();
  publisher.start();
  const ending = { isOver: false };
  const faults = makeFaults(options.faults ?? [], random, ending);
  const endsMs = performance.now() + options.seconds * 1000;
  while (performance.now() < endsMs) {
    for (const client of clients) disturb(client, options, random);
    await delay(tickMs);
  }
  ending.isOver = true;
  const made = await faults;
  // What the last fault has cost is over by then.
  await delay(settleMs);
  await publisher.stop();
  await untilCurrent(clients, publisher.numbers);
  publisher.close();
  const report = reportOf(clients);
  await Promise.all(clients.map((client) => client.stop()));
  return { ...report, published: publisher.published, made };
}

function disturb(client: StormClient, { changeMs, cuts }: StormOptions, random: () => number): void {
  const share = tickMs / changeMs;
  const chance = random();
  if (chance < share) client.change();
  else if (chance < 1.3 * share) client.renew();
  else if (cuts && chance < 1.6 * share) client.cut();
}

async function makeFaults(
  faults: readonly StormFault[],
  random: () => number,
  ending: { readonly isOver: boolean },
): Promise<ReadonlyMap<string, number>> {
  const made = new Map<string, number>();
  while (faults.length > 0 && !ending.isOver) {
    await delay(1000 + 2000 * random());
    const fault = faults[Math.floor(random() * faults.length)];
    if (fault === undefined || ending.isOver) continue;
    await fault.make();
    made.set(fault.name, (made.get(fault.name) ?? 0) + 1);
  }
  return made;
}

/** Every client must receive the last publication of each topic that it follows. */
async function untilCurrent(
  clients: readonly StormClient[],
  numbers: ReadonlyMap<string, number>,
): Promise<void> {
  const behind = (): readonly string[] =>
    clients.flatMap(({ name, kept }) => kept.behind(numbers).map((text) => `${name}: ${text}`));
  await waitFor(() => behind().length === 0, {
    within: 120_000,
    missing: () => `clients are behind: ${behind().slice(0, 10).join("; ")}`,
  });
}

function reportOf(clients: readonly StormClient[]): Pick<StormReport, "events" | "gaps" | "faults"> {
  return {
    events: clients.reduce((sum, { kept }) => sum + kept.events, 0),
    gaps: clients.reduce((sum, { kept }) => sum + kept.gaps, 0),
    faults: clients.flatMap(({ name, kept }) => kept.faults.map((fault) => `${name}: ${fault}`)),
  };
}

/** The length of a storm in seconds: 10 minutes, or as the environment says. */
export const stormSeconds = Number(process.env["PHAROS_STORM_SECONDS"] ?? 600);
