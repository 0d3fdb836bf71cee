import { setTimeout as delay } from "node:timers/promises";
import type { Recorder } from "../history/recorder.js";
import type { Outcome, Sent } from "../history/steps.js";
import { httpWays, post } from "./http-ways.js";
import type { HttpWay } from "./http-ways.js";
import { Publications } from "./publications.js";
import type { CallNumbers } from "./call-numbers.js";

export interface ChaosPublisherOptions {
  /** Small letters and a number. */
  readonly name: string;
  readonly topics: readonly string[];
  readonly token: string;
  /** The origin of the hub for the next request. */
  readonly url: () => string;
  readonly calls: CallNumbers;
  readonly recorder: Recorder;
  readonly random: () => number;
  /** The size of most publications, in bytes. @default 200 */
  readonly mostBytes?: number;
  /** The mean pause between two requests, in milliseconds. */
  readonly pauseMs: number;
  /** @default all ways */
  readonly ways?: readonly HttpWay[];
  /** Publications in a request of the way `lines`. @default random, from 1 to the most that the way allows */
  readonly perRequest?: number;
}

/** Repeats of requests that are unknown wait this long. */
const repeatMs = 200;

/** A program that sends one request after the other. It repeats unknown requests, if they have a key. */
export class ChaosPublisher {
  readonly #options: ChaosPublisherOptions;
  readonly #publications: Publications;
  #isStopped = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();
  #keys = 0;
  /** Publications that were sent, each attempt counted, and those that were acknowledged. */
  readonly counts = { sent: 0, acknowledged: 0 };

  constructor(options: ChaosPublisherOptions) {
    this.#options = options;
    this.#publications = new Publications(options);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends when the last request has a known outcome, or no key. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Ends soon, also if the last request has no known outcome. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.stop();
  }

  /** Publishes to one topic, and repeats the request until the hub has acknowledged it. Returns the data. */
  async publishSurely(topic: string): Promise<string> {
    const shape = { topics: [topic], topicsPerPublication: 1, allowsRetained: false, allowsPrivate: false };
    const [way] = httpWays;
    const sent = this.#publications.some(1, shape);
    if (way !== undefined) await this.#repeat(way, sent, this.#key());
    return sent[0]?.data ?? "";
  }

  async #run(): Promise<void> {
    const { random, pauseMs } = this.#options;
    while (!this.#isStopped) {
      await this.#one();
      await delay(2 * pauseMs * random());
    }
  }

  async #one(): Promise<void> {
    const { ways = httpWays, random, topics, perRequest } = this.#options;
    const way = ways[Math.floor(random() * ways.length)];
    if (way === undefined) return;
    const count = perRequest ?? 1 + Math.floor(random() * way.most);
    const sent = this.#publications.some(Math.min(count, way.most), { ...way, topics });
    if (way.allowsKey && random() < 0.6) await this.#keyed(way, sent);
    else await this.#attempt(way, sent);
  }

  /** Sometimes the publisher sends a request again although it has its answer. */
  async #keyed(way: HttpWay, sent: readonly Sent[]): Promise<void> {
    const key = this.#key();
    await this.#repeat(way, sent, key);
    if (this.#options.random() < 0.2) await this.#repeat(way, sent, key);
  }

  async #repeat(way: HttpWay, sent: readonly Sent[], key: string): Promise<void> {
    while ((await this.#attempt(way, sent, key)) !== "acknowledged" && !this.#isAbandoned)
      await delay(repeatMs);
  }

  async #attempt(way: HttpWay, sent: readonly Sent[], key?: string): Promise<Outcome> {
    const { name: publisher, recorder, calls, token, url } = this.#options;
    const call = calls.next();
    const named = key === undefined ? {} : { key };
    const { headers, ...request } = way.request(sent);
    recorder.record({ kind: "called", call, publisher, ...named, sent });
    const { outcome, ids, detail } = await post(url(), {
      ...request,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
    });
    recorder.record({ kind: "answered", call, outcome, ids, detail });
    this.counts.sent += sent.length;
    if (outcome === "acknowledged") this.counts.acknowledged += sent.length;
    return outcome;
  }

  #key(): string {
    this.#keys += 1;
    return `${this.#options.name}-${this.#keys}`;
  }
}
