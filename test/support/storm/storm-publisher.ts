import { setTimeout as delay } from "node:timers/promises";
import { Push } from "zeromq";
import { allTopics } from "./storm-topics.js";

/** Publications are sent in portions, so that a rate of thousands a second needs few timers. */
const portionMs = 10;

export interface StormPublisherOptions {
  readonly endpoint: string;
  readonly perSecond: number;
  readonly random: () => number;
}

/** Publishes on random topics. The data is the topic, and the number of the publication among those of the topic. */
export class StormPublisher {
  readonly #options: StormPublisherOptions;
  readonly #push = new Push({ linger: 0, sendTimeout: 1000 });
  /** The number of the last publication of each topic. */
  readonly numbers = new Map<string, number>();
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  published = 0;

  constructor(options: StormPublisherOptions) {
    this.#options = options;
    this.#push.connect(options.endpoint);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Publishes nothing more. The last publications may still be on their way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  close(): void {
    this.#push.close();
  }

  /** The same rate on average, also if a portion was late. */
  async #run(): Promise<void> {
    const startedMs = performance.now();
    while (!this.#isStopped) {
      const due = ((performance.now() - startedMs) / 1000) * this.#options.perSecond;
      for (let sent = 0; this.published < due && sent < this.#options.perSecond / 10; sent += 1)
        await this.#publish();
      await delay(portionMs);
    }
  }

  async #publish(): Promise<void> {
    const { random } = this.#options;
    const topic = allTopics[Math.floor(random() * allTopics.length)] ?? "t0";
    const number = (this.numbers.get(topic) ?? 0) + 1;
    const more = { private: topic.startsWith("p"), ...(topic === "own" ? { id: `own-${number}` } : {}) };
    try {
      await this.#push.send([topic, `${topic} ${number}`, JSON.stringify(more)]);
      this.numbers.set(topic, number);
    } catch {
      // The hub is down or takes nothing. The same number is sent again.
    }
    this.published += 1;
  }
}
