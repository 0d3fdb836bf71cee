import { median } from "../../support/load/figures.js";
import { linkTo } from "../../support/mongrel2-hub.js";
import { startMongrel2 } from "../../support/mongrel2-server.js";
import { randomOf } from "../../support/storm/storm-topics.js";
import { currentToken } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { BrowserSubscriber } from "../clients/browser-subscriber.js";
import { CallNumbers } from "../clients/call-numbers.js";
import { chaosSubscribers } from "../clients/crowd.js";
import { ChaosPublisher } from "../clients/http-publisher.js";
import { httpWays } from "../clients/http-ways.js";
import { ZeromqPublisher } from "../clients/zeromq-publisher.js";
import { Recorder } from "../history/recorder.js";
import type { History, Sent } from "../history/steps.js";
import { ChaosHub } from "../site/chaos-hub.js";
import type { Ends } from "../site/ends.js";
import { Campaign } from "./campaign.js";

export const killFronts = ["http", "workers", "mongrel2"] as const;
export type KillFront = (typeof killFronts)[number];

export interface KillsRunOptions {
  readonly front: KillFront;
  readonly kills: number;
  /** Decides when the hub is killed, and what is published. */
  readonly seed: number;
  readonly subscribers: number;
  /** Publications over HTTP in a second, as long as the hub answers within a third of a second. */
  readonly perSecond: number;
  /** The mean number of publications that are acknowledged before the next kill. */
  readonly perLife: number;
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

export interface KillsReport {
  readonly history: History;
  /** Publications over HTTP in a second while the hub ran: the median of all lives of the hub. */
  readonly sentPerSecond: number;
  readonly acknowledgedPerSecond: number;
  /** Messages over ZeroMQ, and how many of them are not stored. */
  readonly zeromq: { readonly sent: number; readonly lost: number };
}

const topics = Array.from({ length: 20 }, (_, index) => `k${index}`);
/** 200 messages a second. */
const zeromq = { name: "z1", perTurn: 5, pauseMs: 25 };
/**
 * Each publisher of lines has a third of a second for a request: 84 publications a second. With fewer publishers, the delay
 * of an answer would decide how many are published.
 */
const lines = { perRequest: 28, paceMs: 333 };
const perPublisher = (lines.perRequest * 1000) / lines.paceMs;

/** Kills a hub with a journal on disk again and again, while publishers publish. */
export async function killsRun(options: KillsRunOptions): Promise<KillsReport> {
  const parts = await openParts(options);
  const { recorder, hub, browser } = parts;
  const campaign = new Campaign({ ...parts, hubs: [hub], topics, survivesEnds: true, within: 180_000 });
  const lives: Life[] = [];
  await campaign.run(async () => {
    for (let kill = 1; kill <= options.kills; kill += 1) {
      lives.push(await live(parts, options.perLife));
      recorder.record({ kind: "fault", name: "hub killed" });
      await hub.end("SIGKILL");
      await hub.begin();
      await browser.opened(kill + 1);
      await browser.handOver();
    }
  });
  return {
    history: recorder,
    sentPerSecond: median(lives.map(({ sentPerSecond }) => sentPerSecond)),
    acknowledgedPerSecond: median(lives.map(({ acknowledgedPerSecond }) => acknowledgedPerSecond)),
    zeromq: lossesOf(recorder),
  };
}

type Life = Pick<KillsReport, "sentPerSecond" | "acknowledgedPerSecond">;

/** Waits until the hub has acknowledged about so many publications. */
async function live(
  { publishers, random }: Awaited<ReturnType<typeof openParts>>,
  perLife: number,
): Promise<Life> {
  const sum = (of: "sent" | "acknowledged"): number =>
    publishers.reduce((sum, { counts }) => sum + counts[of], 0);
  const [sent, acknowledged, beganMs] = [sum("sent"), sum("acknowledged"), performance.now()];
  const wanted = acknowledged + perLife * (0.5 + random());
  await waitFor(() => sum("acknowledged") > wanted, {
    within: 120_000,
    missing: () =>
      `the hub has acknowledged ${sum("acknowledged")} publications, not yet ${Math.round(wanted)}`,
  });
  const seconds = (performance.now() - beganMs) / 1000;
  return {
    sentPerSecond: (sum("sent") - sent) / seconds,
    acknowledgedPerSecond: (sum("acknowledged") - acknowledged) / seconds,
  };
}

function sentBy({ steps }: History, publisher: string): readonly Sent[] {
  return steps.flatMap((step) => (step.kind === "called" && step.publisher === publisher ? step.sent : []));
}

function lossesOf(history: History): KillsReport["zeromq"] {
  const last = history.steps.findLast((step) => step.kind === "stored");
  const stored = new Set(last?.kind === "stored" ? last.entries.map(({ data }) => data) : []);
  const sent = sentBy(history, zeromq.name);
  return { sent: sent.length, lost: sent.filter(({ data }) => !stored.has(data)).length };
}

async function openParts({ front, seed, subscribers: count, perSecond, entry, ends }: KillsRunOptions) {
  const random = randomOf(seed);
  const recorder = new Recorder();
  const { hub, port } = await openSite({ front, entry, ends });
  const token = await currentToken({ subscribe: ["*"], publish: ["*"], lifetimeSeconds: 7200 });
  const url = (): string => `http://127.0.0.1:${port}`;
  const calls = new CallNumbers();
  const shared = { recorder, random, topics, token, calls, mostBytes: 60 };
  const browser = new BrowserSubscriber({ origin: `http://localhost:${port}`, topic: "k0", recorder });
  const crowd = chaosSubscribers({
    ...shared,
    count: count - 1,
    port: () => port,
    followAll: 2,
    part: 0.05,
  });
  const batches = httpWays.filter(({ name }) => name === "lines");
  const publishers = [
    ...Array.from(
      { length: Math.ceil(perSecond / perPublisher) },
      (_, index) => new ChaosPublisher({ ...shared, ...lines, name: `l${index}`, url, ways: batches }),
    ),
    new ChaosPublisher({ ...shared, name: "s1", url, paceMs: 50 }),
  ];
  const push = new ZeromqPublisher({ ...shared, ...zeromq, endpoint: hub.ingest });
  ends.add(async () => {
    push.close();
    await Promise.all(publishers.map((each) => each.abandon()));
    await Promise.all([browser, ...crowd].map((each) => each.stop()));
  });
  return {
    random,
    recorder,
    hub,
    token,
    browser,
    subscribers: [browser, ...crowd],
    publishers,
    zeromq: push,
  };
}

async function openSite({
  front,
  entry,
  ends,
}: {
  readonly front: KillFront;
  readonly entry: string | undefined;
  readonly ends: Ends;
}): Promise<{ readonly hub: ChaosHub; readonly port: number }> {
  const journal = ["--journal", "disk:journal"];
  const shared = { ...(entry === undefined ? {} : { entry }), onEnd: ends.add };
  if (front !== "mongrel2") {
    const workers = front === "workers" ? ["--workers", "2"] : [];
    const hub = await ChaosHub.start({ ...shared, args: [...journal, ...workers] });
    return { hub, port: hub.port };
  }
  const server = await startMongrel2({ mode: "shipped", paths: mongrel2Paths });
  ends.add(() => server.stop());
  const args = [...journal, "--state-dir", "state"];
  const hub = await ChaosHub.start({ ...shared, args, mongrel2: [linkTo(server)] });
  return { hub, port: server.port };
}

/** The paths of all publishers and subscribers. */
const mongrel2Paths = [
  "/esupdates",
  "/poll",
  "/ws",
  "/healthz",
  "/.well-known/mercure",
  "/publish",
  "/pub",
  "/sub/",
  "/ev/",
  "/lp/",
];
