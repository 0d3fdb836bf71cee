import { setTimeout as delay } from "node:timers/promises";
import { randomOf } from "../../support/storm/storm-topics.js";
import { currentToken } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { CallNumbers } from "../clients/call-numbers.js";
import { chaosSubscribers } from "../clients/crowd.js";
import { ChaosPublisher } from "../clients/http-publisher.js";
import type { ChaosSubscriber } from "../clients/subscriber.js";
import { ZeromqPublisher } from "../clients/zeromq-publisher.js";
import { Recorder } from "../history/recorder.js";
import type { History } from "../history/steps.js";
import { openChaosSite } from "../site/chaos-site.js";
import type { ChaosJournal } from "../site/chaos-site.js";
import type { Ends } from "../site/ends.js";
import { makeFaults, nemeses } from "../site/nemesis.js";
import type { Disturbance } from "../site/nemesis.js";
import { Campaign } from "./campaign.js";

export interface ChaosRunOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly journal: ChaosJournal;
  /** True: nothing fails, apart from the connections of subscribers. @default false */
  readonly isCalm?: boolean;
  /** Publishers over HTTP. @default 3 */
  readonly publisherCount?: number;
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

const topics = ["t0", "t1", "t2", "t3"];
const subscriberCount = 16;

/** Publishers and subscribers at a hub, with faults by seed. Returns what happened. */
export async function chaosRun(options: ChaosRunOptions): Promise<History> {
  const parts = await openParts(options);
  const { recorder, random, subscribers, site } = parts;
  const { survivesEnds } = site;
  const hubs = site.nodes.map(({ hub }) => hub);
  const campaign = new Campaign({ ...parts, hubs, topics, survivesEnds });
  await campaign.run(async () => {
    const untilMs = recorder.nowMs + options.seconds * 1000;
    const recovered = (): Promise<void> => acknowledgedAgain(parts.publishers, random);
    const troubled = { recorder, random, untilMs, recovered };
    await Promise.all([
      ...(options.isCalm === true ? [] : [makeFaults(nemeses(site, random), troubled)]),
      troubleClients(subscribers, troubled),
      // A value that one node has acknowledged may reach another node a moment later.
      ...(hubs.length === 1 ? [askForValues(campaign, troubled)] : []),
    ]);
  });
  return recorder;
}

/** Without a pause of this kind, a busy machine starts hubs all the time, and nobody publishes anything. */
async function acknowledgedAgain(publishers: readonly ChaosPublisher[], random: () => number): Promise<void> {
  const acknowledged = (): number => publishers.reduce((sum, each) => sum + each.counts.acknowledged, 0);
  const wanted = acknowledged() + random() * 200;
  const late = { within: 4000, missing: "acknowledgements" };
  await waitFor(() => acknowledged() >= wanted, late).catch(() => undefined);
}

/** Subscribers lose their connections, or read nothing for a while. */
async function troubleClients(
  subscribers: readonly ChaosSubscriber[],
  { recorder, random, untilMs }: Disturbance,
): Promise<void> {
  while (recorder.nowMs < untilMs) {
    await delay(random() * 300);
    const one = subscribers[Math.floor(random() * subscribers.length)];
    if (random() < 0.7) one?.cut();
    else await one?.rest(random() * 500);
  }
}

async function askForValues(campaign: Campaign, { recorder, random, untilMs }: Disturbance): Promise<void> {
  while (recorder.nowMs < untilMs) {
    await delay(random() * 2000);
    // A hub that is down at this moment answers nobody.
    await campaign.readValues().catch(() => undefined);
  }
}

async function openParts(options: ChaosRunOptions) {
  const { seed, ends, publisherCount = 3 } = options;
  const random = randomOf(seed);
  const recorder = new Recorder();
  const site = await openChaosSite(options);
  const token = await currentToken({ subscribe: ["*"], publish: ["*"], lifetimeSeconds: 7200 });
  // Clients change the node with each connection, and publishers with each request.
  const port = (): number => site.nodes[Math.floor(random() * site.nodes.length)]?.port ?? 0;
  const url = (): string => `http://127.0.0.1:${port()}`;
  const shared = { recorder, random, topics, token, calls: new CallNumbers() };
  const subscribers = chaosSubscribers({ ...shared, count: subscriberCount, port });
  const publishers = Array.from(
    { length: publisherCount },
    (_, index) => new ChaosPublisher({ ...shared, name: `p${index}`, url, paceMs: 30 }),
  );
  const endpoint = site.nodes[0]?.hub.ingest ?? "";
  const zeromq = new ZeromqPublisher({ ...shared, name: "z1", endpoint, pauseMs: 20, perTurn: 3 });
  ends.add(async () => {
    zeromq.close();
    await Promise.all(publishers.map((each) => each.abandon()));
    await Promise.all(subscribers.map((each) => each.stop()));
  });
  return { random, recorder, site, token, subscribers, publishers, zeromq };
}
