import { setTimeout as delay } from "node:timers/promises";
import { randomOf } from "../../support/storm/storm-topics.js";
import { currentToken } from "../../support/token.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import { before } from "../../support/wait-for.js";
import { CallNumbers } from "../clients/call-numbers.js";
import { chaosSubscribers, chaosTopics } from "../clients/crowd.js";
import { ChaosPublisher } from "../clients/http-publisher.js";
import { readRetained, readStored } from "../clients/reader-at-end.js";
import type { ChaosSubscriber } from "../clients/subscriber.js";
import { ZeromqPublisher } from "../clients/zeromq-publisher.js";
import { Recorder } from "../history/recorder.js";
import type { History } from "../history/steps.js";
import { ChaosHub } from "../site/chaos-hub.js";
import type { Ends } from "../site/ends.js";
import { makeFaults, nemeses } from "../site/nemesis.js";
import { SmallDisk } from "../site/small-disk.js";

export interface ChaosRunOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Where the hub keeps its history; `memory` keeps nothing when the hub ends, so the hub is not ended. */
  readonly journal: "memory" | "disk";
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

const within = 60_000;
const diskMebibytes = 96;

/** Publishers and subscribers at a hub, with faults by seed. Returns what happened. */
export async function chaosRun(options: ChaosRunOptions): Promise<History> {
  const run = await ChaosRun.open(options);
  try {
    await run.begin();
    await run.disturb();
    await run.end();
  } catch (error) {
    run.fail(error);
  }
  return run.recorder;
}

class ChaosRun {
  readonly recorder: Recorder;
  readonly #options: ChaosRunOptions;
  readonly #parts: Parts;

  private constructor(options: ChaosRunOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.recorder = parts.recorder;
  }

  static async open(options: ChaosRunOptions): Promise<ChaosRun> {
    return new ChaosRun(options, await openParts(options));
  }

  /** Nobody publishes before each subscriber has its position. */
  async begin(): Promise<void> {
    const { subscribers, publishers, zeromq, recorder } = this.#parts;
    recorder.subscribers.push(...subscribers);
    await Promise.all(subscribers.map((each) => each.start()));
    for (const publisher of [...publishers, zeromq]) publisher.start();
  }

  async disturb(): Promise<void> {
    const { hub, proxy, random, recorder, subscribers, disk } = this.#parts;
    const untilMs = recorder.nowMs + this.#options.seconds * 1000;
    const survivesEnds = this.#options.journal !== "memory";
    const faults = nemeses({ hub, proxy, random, survivesEnds, disk });
    await Promise.all([
      makeFaults(faults, { recorder, random, untilMs }),
      this.#clientFaults(subscribers, untilMs),
      this.#askForValues(untilMs),
    ]);
  }

  /** Every subscriber gets everything. Then the log is read, before and after the hub is killed once more. */
  async end(): Promise<void> {
    const { publishers, zeromq, subscribers, hub } = this.#parts;
    const stopped = Promise.all([...publishers, zeromq].map((each) => each.stop()));
    await before(stopped, { within, missing: "a publisher has got no answer that it can rely on" });
    await this.#zeromqIsEmpty();
    const last = await this.#lastOfEachTopic();
    await Promise.all(
      subscribers.flatMap((each) => each.topics.map((topic) => each.has(last.get(topic) ?? "", { within }))),
    );
    const data = last.get(chaosTopics[chaosTopics.length - 1] ?? "") ?? "";
    await this.#read("at the end", data);
    if (this.#options.journal !== "memory") {
      await hub.end("SIGKILL");
      await hub.begin();
      await this.#read("after the last kill", data);
    }
    hub.look();
    for (const detail of hub.broken) this.recorder.record({ kind: "broken", detail });
  }

  fail(error: unknown): void {
    this.recorder.record({ kind: "broken", detail: String(error) });
    for (const detail of this.#parts.hub.broken) this.recorder.record({ kind: "broken", detail });
  }

  /** Subscribers lose their connections, or read nothing for a while. */
  async #clientFaults(subscribers: readonly ChaosSubscriber[], untilMs: number): Promise<void> {
    const { random } = this.#parts;
    while (this.recorder.nowMs < untilMs) {
      await delay(random() * 300);
      const one = subscribers[Math.floor(random() * subscribers.length)];
      if (random() < 0.7) one?.cut();
      else await one?.rest(random() * 500);
    }
  }

  async #askForValues(untilMs: number): Promise<void> {
    while (this.recorder.nowMs < untilMs) {
      await delay(this.#parts.random() * 2000);
      // A hub that is down at this moment answers nobody.
      await this.#values().catch(() => undefined);
    }
  }

  async #values(): Promise<void> {
    const askedAtMs = this.recorder.nowMs;
    const { hub, token } = this.#parts;
    const values = await readRetained({ port: hub.port, token }, chaosTopics);
    this.recorder.record({ kind: "retained", askedAtMs, values });
  }

  /** A message that went through shows that all earlier messages have gone through, or are lost. */
  async #zeromqIsEmpty(): Promise<void> {
    const { zeromq, subscribers } = this.#parts;
    const [topic] = chaosTopics;
    const witness = subscribers.find(({ topics }) => topics.includes(topic));
    const endsMs = this.recorder.nowMs + within;
    while (this.recorder.nowMs < endsMs) {
      const data = await zeromq.publishOne(topic);
      const came = await witness?.has(data, { within: 5000 }).then(
        () => true,
        () => false,
      );
      if (came === true) return;
    }
    throw new Error("no message over ZeroMQ has come through");
  }

  async #lastOfEachTopic(): Promise<ReadonlyMap<string, string>> {
    const last = new Map<string, string>();
    for (const topic of chaosTopics)
      last.set(topic, (await this.#parts.publishers[0]?.publishSurely(topic)) ?? "");
    return last;
  }

  async #read(node: string, last: string): Promise<void> {
    const { hub, token } = this.#parts;
    const entries = await readStored({ port: hub.port, token }, { last, within });
    this.recorder.record({ kind: "stored", node, entries });
    await this.#values();
  }
}

type Parts = Awaited<ReturnType<typeof openParts>>;

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
  const shared = { recorder, random, topics: chaosTopics, token, calls: new CallNumbers() };
  const subscribers = chaosSubscribers({ ...shared, count: 16, port: () => port });
  const url = (): string => `http://127.0.0.1:${port}`;
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
