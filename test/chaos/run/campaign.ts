import { before } from "../../support/wait-for.js";
import type { ChaosPublisher } from "../clients/http-publisher.js";
import { readRetained, readStored } from "../clients/reader-at-end.js";
import type { ZeromqPublisher } from "../clients/zeromq-publisher.js";
import type { Recorder } from "../history/recorder.js";
import type { Subscriber } from "../history/steps.js";
import type { ChaosHub } from "../site/chaos-hub.js";

/** A client that records what it gets. */
export interface CampaignSubscriber extends Subscriber {
  /** Resolves when the client has a position: from then on, it must get everything. */
  start(): Promise<void>;
  /** Resolves when the client has this publication. Rejects at the deadline. */
  has(data: string, options: { readonly within: number }): Promise<void>;
}

export interface CampaignOptions {
  readonly recorder: Recorder;
  /** All nodes. */
  readonly hubs: readonly ChaosHub[];
  readonly topics: readonly string[];
  readonly token: string;
  readonly subscribers: readonly CampaignSubscriber[];
  readonly publishers: readonly ChaosPublisher[];
  readonly zeromq: ZeromqPublisher;
  /** True if the hub keeps its history when it ends. */
  readonly survivesEnds: boolean;
  /** The time in which each step of the end must be done, in milliseconds. @default 60000 */
  readonly within?: number;
}

/** The clients of one run at a hub: they begin together, and at the end everybody must have everything. */
export class Campaign {
  readonly #options: CampaignOptions;
  readonly #within: number;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#within = options.within ?? 60_000;
  }

  /** Nobody publishes before each subscriber has its position. */
  async begin(): Promise<void> {
    const { subscribers, publishers, zeromq, recorder } = this.#options;
    recorder.subscribers.push(...subscribers.map((each) => plain(each)));
    await Promise.all(subscribers.map((each) => each.start()));
    for (const publisher of [...publishers, zeromq]) publisher.start();
  }

  /** Runs `disturb` while the publishers publish, and then {@link end}. What fails becomes a step of the history. */
  async run(disturb: () => Promise<void>): Promise<void> {
    const { hubs, recorder } = this.#options;
    try {
      await this.begin();
      await disturb();
      await this.end();
    } catch (error) {
      recorder.record({ kind: "broken", detail: String(error) });
    }
    for (const hub of hubs) hub.look();
    for (const detail of hubs.flatMap(({ broken }) => broken)) recorder.record({ kind: "broken", detail });
  }

  /** Every subscriber gets everything. Then the log is read, before and after the hub is killed once more. */
  async end(): Promise<void> {
    const { publishers, zeromq, hubs, survivesEnds, topics } = this.#options;
    const within = this.#within;
    const stopped = Promise.all([...publishers, zeromq].map((each) => each.stop()));
    await before(stopped, { within, missing: "a publisher has got no answer that it can rely on" });
    await this.#zeromqIsEmpty();
    const last = await this.#lastOfEachTopic();
    await this.#allHave(last);
    const data = last.get(topics[topics.length - 1] ?? "") ?? "";
    for (const hub of hubs) await this.#read(hub, `port ${hub.port} at the end`, data);
    if (!survivesEnds) return;
    for (const hub of hubs) {
      await hub.end("SIGKILL");
      await hub.begin();
      await this.#read(hub, `port ${hub.port} after the last kill`, data);
    }
  }

  /** Records the retained values of all topics at a hub. Rejects if the hub is down at this moment. */
  async readValues(hub = this.#options.hubs[0]): Promise<void> {
    const { token, topics, recorder } = this.#options;
    const askedAtMs = recorder.nowMs;
    if (hub === undefined) return;
    const values = await readRetained({ address: hub.address, port: hub.port, token }, topics);
    recorder.record({ kind: "retained", askedAtMs, values });
  }

  async #allHave(last: ReadonlyMap<string, string>): Promise<void> {
    const within = this.#within;
    const waits = this.#options.subscribers.flatMap((each) =>
      each.topics.map((topic) => each.has(last.get(topic) ?? "", { within })),
    );
    await Promise.all(waits);
  }

  /** A message that went through shows that all earlier messages have gone through, or are lost. */
  async #zeromqIsEmpty(): Promise<void> {
    const { zeromq, subscribers, recorder, topics } = this.#options;
    const [topic = ""] = topics;
    const witness = subscribers.find((each) => each.topics.includes(topic));
    const endsMs = recorder.nowMs + this.#within;
    while (recorder.nowMs < endsMs) {
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
    const { publishers, topics } = this.#options;
    const last = new Map<string, string>();
    for (const topic of topics) last.set(topic, (await publishers[0]?.publishSurely(topic)) ?? "");
    return last;
  }

  async #read(hub: ChaosHub, node: string, last: string): Promise<void> {
    const { token, recorder } = this.#options;
    const { address, port } = hub;
    const entries = await readStored({ address, port, token }, { last, within: this.#within });
    recorder.record({ kind: "stored", node, entries });
    await this.readValues(hub);
  }
}

function plain({ name, topics, mayReadPrivate, idFamily }: Subscriber): Subscriber {
  return { name, topics, mayReadPrivate, idFamily };
}
