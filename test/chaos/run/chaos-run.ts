import { setTimeout as delay } from "node:timers/promises";
import { randomOf } from "../../support/storm/storm-topics.js";
import { currentToken } from "../../support/token.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { waitFor } from "../../support/wait-for.js";
import { CallNumbers } from "../clients/call-numbers.js";
import { chaosSubscribers } from "../clients/crowd.js";
import { ChaosPublisher } from "../clients/http-publisher.js";
import type { ChaosSubscriber } from "../clients/subscriber.js";
import { ZeromqPublisher } from "../clients/zeromq-publisher.js";
import { Recorder } from "../history/recorder.js";
import type { History } from "../history/steps.js";
import { ChaosHub } from "../site/chaos-hub.js";
import type { Ends } from "../site/ends.js";
import { makeFaults, nemeses } from "../site/nemesis.js";
import type { Disturbance } from "../site/nemesis.js";
import { SmallDisk } from "../site/small-disk.js";
import { Campaign } from "./campaign.js";

export interface ChaosRunOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Where the hub keeps its history; `memory` keeps nothing when the hub ends, so the hub is not ended. */
  readonly journal: "memory" | "disk";
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

const topics = ["t0", "t1", "t2", "t3"];
const subscriberCount = 16;
const diskMebibytes = 96;

/** Publishers and subscribers at a hub, with faults by seed. Returns what happened. */
export async function chaosRun(options: ChaosRunOptions): Promise<History> {
  const parts = await openParts(options);
  const { recorder, random, subscribers, hub, proxy, disk } = parts;
  const survivesEnds = options.journal !== "memory";
  const campaign = new Campaign({ ...parts, topics, survivesEnds });
  await campaign.run(async () => {
    const untilMs = recorder.nowMs + options.seconds * 1000;
    const recovered = (): Promise<void> => acknowledgedAgain(parts.publishers, random);
    const troubled = { recorder, random, untilMs, recovered };
    await Promise.all([
      makeFaults(nemeses({ hub, proxy, random, survivesEnds, disk }), troubled),
      troubleClients(subscribers, troubled),
      askForValues(campaign, troubled),
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

async function openParts({ seed, journal, entry, ends }: ChaosRunOptions) {
  const random = randomOf(seed);
  const recorder = new Recorder();
  const disk = journal === "disk" ? await SmallDisk.mount(diskMebibytes, ends.add) : undefined;
  const folder = disk === undefined ? "journal" : `${disk.folder}/journal`;
  const hub = await ChaosHub.start({
    args: journal === "disk" ? ["--journal", `disk:${folder}`] : [],
    ...(entry === undefined ? {} : { entry }),
    onEnd: ends.add,
  });
  const proxy = await startTcpProxy({ target: hub.port, onEnd: ends.add });
  // A proxy that is shut has no port.
  const { port } = proxy;
  const token = await currentToken({ subscribe: ["*"], publish: ["*"], lifetimeSeconds: 7200 });
  const shared = { recorder, random, topics, token, calls: new CallNumbers() };
  const subscribers = chaosSubscribers({
    ...shared,
    count: subscriberCount,
    port,
  });
  const url = `http://127.0.0.1:${port}`;
  const publishers = ["a1", "b2", "c3"].map(
    (name) => new ChaosPublisher({ ...shared, name, url, pauseMs: 20 }),
  );
  const zeromq = new ZeromqPublisher({
    ...shared,
    name: "z1",
    endpoint: hub.ingest,
    pauseMs: 20,
    perTurn: 3,
  });
  ends.add(async () => {
    zeromq.close();
    await Promise.all(publishers.map((each) => each.abandon()));
    await Promise.all(subscribers.map((each) => each.stop()));
  });
  return { random, recorder, disk, hub, proxy, token, subscribers, publishers, zeromq };
}
