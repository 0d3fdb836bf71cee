import { randomOf } from "../support/storm/storm-topics.js";
import { FakeHub } from "./fake-hub.js";
import type { FakeFault } from "./fake-hub.js";
import { Recorder } from "./history/recorder.js";
import type { History, Sent, Subscriber } from "./history/steps.js";

const topics = ["a", "b"];

const subscribers: readonly Subscriber[] = [
  { name: "all", topics, mayReadPrivate: true, idFamily: "event-id" },
  { name: "public", topics, mayReadPrivate: false, idFamily: "event-id" },
  { name: "a", topics: ["a"], mayReadPrivate: true, idFamily: "event-id" },
];

const steps = 60;

/** A random run of a fake hub with 60 steps: requests, turns, kills, and streams that end and resume. */
export function fakeRun(options: { readonly seed: number; readonly fault?: FakeFault }): History {
  const run = new FakeRun(options.seed, options.fault);
  for (let step = 0; step < steps; step += 1) run.step();
  run.end();
  return run.recorder;
}

class FakeRun {
  readonly recorder = new Recorder();
  readonly hub: FakeHub;
  readonly #random: () => number;
  /** What each subscriber has whose stream has ended. */
  readonly #away = new Map<Subscriber, number>(subscribers.map((each) => [each, 0]));
  #count = 0;
  /** Requests with a key that may be repeated. */
  readonly #keyed: { readonly key: string; readonly sent: readonly Sent[] }[] = [];

  constructor(seed: number, fault: FakeFault | undefined) {
    this.#random = randomOf(seed);
    this.recorder.subscribers.push(...subscribers);
    this.hub = new FakeHub({ recorder: this.recorder, random: this.#random, fault });
    this.#resume();
  }

  step(): void {
    const chance = this.#random();
    if (chance < 0.35) this.#request();
    else if (chance < 0.4) this.hub.refuse(this.#sent(1));
    else if (chance < 0.65) this.hub.turn();
    else if (chance < 0.75) this.#cutOne();
    else if (chance < 0.85) this.#killed();
    else this.#repeat();
    if (this.#random() < 0.5) this.#resume();
  }

  /** Every request with a key is repeated until it is acknowledged, and every subscriber resumes. */
  end(): void {
    this.hub.turn();
    for (const { key, sent } of this.#keyed) this.hub.request(sent, key);
    this.hub.turn();
    this.#resume();
    this.hub.read("first");
    this.hub.kill();
    this.hub.read("second");
  }

  #request(): void {
    const sent = this.#sent(this.#random() < 0.3 ? 3 : 1);
    if (this.#random() < 0.5) return this.hub.request(sent);
    const key = `key ${this.#count}`;
    this.#keyed.push({ key, sent });
    this.hub.request(sent, key);
  }

  #repeat(): void {
    const again = this.#keyed[Math.floor(this.#random() * this.#keyed.length)];
    // A publisher repeats a request when the first attempt has failed or is answered.
    this.hub.turn();
    if (again !== undefined) this.hub.request(again.sent, again.key);
  }

  #killed(): void {
    if (this.#random() < 0.5) this.hub.kill();
    else this.hub.turn({ isKilled: true });
    for (const subscriber of subscribers) this.#cut(subscriber);
  }

  #cutOne(): void {
    const subscriber = subscribers[Math.floor(this.#random() * subscribers.length)];
    if (subscriber !== undefined) this.#cut(subscriber);
  }

  #cut(subscriber: Subscriber): void {
    if (!this.#away.has(subscriber)) this.#away.set(subscriber, this.hub.cut(subscriber));
  }

  #resume(): void {
    for (const [subscriber, has] of this.#away) this.hub.open(subscriber, has);
    this.#away.clear();
  }

  #sent(count: number): readonly Sent[] {
    return Array.from({ length: count }, () => {
      this.#count += 1;
      const topic = topics[Math.floor(this.#random() * topics.length)] ?? "a";
      const kind = this.#random();
      return {
        data: `publication ${this.#count}`,
        topics: [topic],
        ...(kind < 0.3 ? { isPrivate: true as const } : {}),
        ...(kind > 0.7 ? { isRetained: true as const } : {}),
      };
    });
  }
}
