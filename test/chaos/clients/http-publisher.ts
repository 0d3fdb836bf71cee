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
  /** The mean time from the begin of a request to the begin of the next one, in milliseconds. */
  readonly paceMs: number;
  /** @default all ways */
  readonly ways?: readonly HttpWay[];
  /** Publications in a request of the way `lines`. @default random, from 1 to the most that the way allows */
  readonly perRequest?: number;
}

/** Repeats of requests that are unknown wait this long. */
const repeatMs = 200;
/** A publisher whose requests take too long begins the next ones at once, until it has made up for so much time. */
const mostBehindMs = 500;

/** A program that sends one request after the other. It repeats unknown requests, if they have a key. */
export class ChaosPublisher {
  readonly #options: ChaosPublisherOptions;
  readonly #publications: Publications;
  #isStopped = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();
  #keys = 0;
  /** Publications that were sent, and those that were acknowledged. Repeats do not count. */
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
    const { random, paceMs } = this.#options;
    let nextMs = performance.now();
    while (!this.#isStopped) {
      await this.#one();
      nextMs = Math.max(nextMs + 2 * paceMs * random(), performance.now() - mostBehindMs);
      await delay(nextMs - performance.now());
    }
  }

  async #one(): Promise<void> {
    const { ways = httpWays, random, topics, perRequest } = this.#options;
    const way = ways[Math.floor(random() * ways.length)];
    if (way === undefined) return;
    const count = perRequest ?? 1 + Math.floor(random() * way.most);
    const sent = this.#publications.some(Math.min(count, way.most), { ...way, topics });
    this.counts.sent += sent.length;
    if (way.allowsKey && random() < 0.6) await this.#keyed(way, sent);
    else this.#count(await this.#attempt(way, sent), sent);
  }

  /** Sometimes the publisher sends a request twice at the same time, or again although it has its answer. */
  async #keyed(way: HttpWay, sent: readonly Sent[]): Promise<void> {
    const key = this.#key();
    const [chance, twin] = [this.#options.random(), this.#options.random()];
    const other = twin < 0.2 ? this.#repeat(way, sent, key) : undefined;
    this.#count(await this.#repeat(way, sent, key), sent);
    await other;
    if (chance < 0.2) await this.#repeat(way, sent, key);
  }

  #count(outcome: Outcome, sent: readonly Sent[]): void {
    if (outcome === "acknowledged") this.counts.acknowledged += sent.length;
  }

  /** Repeats a request until it is acknowledged, or the publisher is abandoned. */
  async #repeat(way: HttpWay, sent: readonly Sent[], key: string): Promise<Outcome> {
    for (;;) {
      const outcome = await this.#attempt(way, sent, key);
      if (outcome === "acknowledged" || this.#isAbandoned) return outcome;
      await delay(repeatMs);
    }
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
    return outcome;
  }

  #key(): string {
    this.#keys += 1;
    return `${this.#options.name}-${this.#keys}`;
  }
}
