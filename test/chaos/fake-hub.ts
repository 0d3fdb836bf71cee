import type { Recorder } from "./history/recorder.js";
import type { Entry, Outcome, Sent, Subscriber } from "./history/steps.js";
import { mayGet } from "./verdict/case.js";

/** The promises that a fake hub can break. */
export const fakeFaults = [
  "acknowledges-early",
  "shows-early",
  "delivers-twice",
  "swaps",
  "shows-private",
  "shows-other-topics",
  "renumbers",
  "splits-groups",
  "forgets-keys",
  "keeps-old-values",
  "skips",
  "stores-refused",
  "tells-gaps",
  "answers-others",
  "reads-differ",
  "stores-late",
  "makes-up",
] as const;
export type FakeFault = (typeof fakeFaults)[number];

interface Stored extends Entry {
  readonly sent: Sent;
}

interface Request {
  readonly call: number;
  readonly key: string | undefined;
  readonly stored: readonly Stored[];
}

/** A hub without a network, whose clients record what they get. A record is durable after {@link turn}. */
export class FakeHub {
  readonly #recorder: Recorder;
  readonly #fault: FakeFault | undefined;
  readonly #random: () => number;
  #log: Stored[] = [];
  #requests: Request[] = [];
  readonly #answers = new Map<string, readonly string[]>();
  readonly #retained = new Map<string, string>();
  /** The number of log entries that each open subscriber has passed. */
  readonly #open = new Map<Subscriber, number>();
  #calls = 0;
  #epoch = 1;

  constructor(options: {
    readonly recorder: Recorder;
    readonly random: () => number;
    readonly fault?: FakeFault | undefined;
  }) {
    this.#recorder = options.recorder;
    this.#random = options.random;
    this.#fault = options.fault;
  }

  /** Sends a request. The answer comes with the next {@link turn}, or never. */
  request(sent: readonly Sent[], key?: string): void {
    const call = (this.#calls += 1);
    const named = key === undefined ? {} : { key };
    this.#recorder.record({ kind: "called", call, publisher: "publisher", ...named, sent });
    const first = key === undefined ? undefined : this.#answers.get(key);
    if (first !== undefined) return this.#answer(call, "acknowledged", this.#repeated(first));
    const at = this.#log.length + this.#requests.flatMap(({ stored }) => stored).length;
    const stored = sent.map((each, n) => ({ id: this.#id(at + n), data: each.data, sent: each }));
    this.#requests.push({ call, key, stored });
    if (this.#makes("acknowledges-early")) this.#acknowledge(call, stored);
    if (this.#fault === "shows-early")
      this.#show([...this.#log, ...this.#requests.flatMap((each) => each.stored)]);
  }

  /** Refuses a request. */
  refuse(sent: readonly Sent[]): void {
    const call = (this.#calls += 1);
    this.#recorder.record({ kind: "called", call, publisher: "publisher", sent });
    this.#answer(call, "refused", []);
    if (this.#makes("stores-refused"))
      this.#log.push(
        ...sent.map((each, n) => ({ id: this.#id(this.#log.length + n), data: each.data, sent: each })),
      );
  }

  /** Makes all requests durable, shows them and acknowledges them; `isKilled` loses the acknowledgements. */
  turn(options: { readonly isKilled: boolean } = { isKilled: false }): void {
    for (const { call, key, stored } of this.#requests.splice(0)) {
      this.#store(stored);
      if (key !== undefined)
        this.#answers.set(
          key,
          stored.map(({ id }) => id),
        );
      if (!options.isKilled) this.#acknowledge(call, stored);
    }
    if (options.isKilled) this.#end();
    else this.#show(this.#log);
  }

  /** Loses all requests that are not durable, and all connections. */
  kill(): void {
    const lost = this.#requests.splice(0);
    const group = lost.find(({ stored }) => stored.length > 1);
    if (group !== undefined && this.#makes("splits-groups")) this.#store(group.stored.slice(0, 1));
    this.#end();
    if (this.#fault === "forgets-keys") this.#answers.clear();
    if (this.#fault === "renumbers") this.#renumber();
  }

  /** A subscriber opens its first stream, or resumes after what it has. */
  open(subscriber: Subscriber, has: number): void {
    this.#recorder.record({ kind: "opened", subscriber: subscriber.name, from: String(has) });
    if (this.#makes("tells-gaps"))
      this.#recorder.record({ kind: "gap", subscriber: subscriber.name, reason: "evicted" });
    this.#open.set(subscriber, has);
    this.#show(this.#log);
  }

  /** Ends the stream of a subscriber. Returns what it has, for {@link open}. */
  cut(subscriber: Subscriber): number {
    const has = this.#open.get(subscriber) ?? 0;
    this.#open.delete(subscriber);
    return Math.min(has, this.#log.length);
  }

  /** Reads the log and the retained values, as the clients at the end of a run do. */
  read(node: string): void {
    const entries = this.#log.map(({ id, data }) => ({ id, data }));
    if (node === "second" && entries.length > 1 && this.#makes("reads-differ")) entries.reverse();
    const askedAtMs = this.#recorder.nowMs;
    this.#recorder.record({ kind: "stored", node, entries });
    this.#recorder.record({ kind: "retained", askedAtMs, values: [...this.#retained] });
  }

  #id(place: number): string {
    return `#${this.#epoch}:${place + 1}`;
  }

  #makes(fault: FakeFault): boolean {
    return this.#fault === fault && this.#random() < 0.7;
  }

  #repeated(ids: readonly string[]): readonly string[] {
    return this.#makes("answers-others") ? ids.map((id) => `${id}0`) : ids;
  }

  #store(stored: readonly Stored[]): void {
    const entries = stored.map((each, n) => ({ ...each, id: this.#id(this.#log.length + n) }));
    const isLate = entries.length > 0 && this.#log.length > 0 && this.#makes("stores-late");
    if (isLate) this.#log.unshift(...entries);
    else this.#log.push(...entries);
    for (const { sent } of entries) {
      if (sent.isRetained !== true) continue;
      const isOld = sent.topics.some((topic) => this.#retained.has(topic)) && this.#makes("keeps-old-values");
      for (const topic of sent.topics) if (!isOld) this.#retained.set(topic, sent.data);
    }
  }

  #acknowledge(call: number, stored: readonly Stored[]): void {
    const entries = stored.map(({ data }) => this.#log.find((entry) => entry.data === data)?.id);
    const ids = entries.map((id, n) => id ?? stored[n]?.id ?? "");
    this.#answer(call, "acknowledged", ids);
  }

  #answer(call: number, outcome: Outcome, ids: readonly string[]): void {
    this.#recorder.record({ kind: "answered", call, outcome, ids });
  }

  #end(): void {
    for (const { name } of this.#open.keys()) this.#recorder.record({ kind: "closed", subscriber: name });
  }

  #renumber(): void {
    this.#epoch += 1;
    this.#log = this.#log.map((entry, place) => ({ ...entry, id: this.#id(place) }));
  }

  #show(log: readonly Stored[]): void {
    for (const [subscriber, has] of this.#open) {
      const fresh = log.slice(has).filter(({ sent }) => this.#mayShow(subscriber, sent));
      this.#open.set(subscriber, Math.max(has, log.length));
      for (const entry of this.#disturbed(fresh)) this.#recorder.received(subscriber.name, entry);
    }
  }

  #mayShow(subscriber: Subscriber, sent: Sent): boolean {
    if (mayGet(subscriber, sent)) return true;
    if (sent.isPrivate === true && !subscriber.mayReadPrivate) return this.#makes("shows-private");
    return this.#makes("shows-other-topics");
  }

  #disturbed(fresh: readonly Stored[]): readonly Entry[] {
    const [first, second, ...others] = fresh;
    if (first === undefined) return fresh;
    if (this.#makes("delivers-twice")) return [first, ...fresh];
    if (this.#makes("skips")) return fresh.slice(1);
    if (this.#makes("makes-up")) return [...fresh, { id: "#0:0", data: "nobody sent this" }];
    if (second !== undefined && this.#makes("swaps")) return [second, first, ...others];
    return fresh;
  }
}
