import type { Arrival, LiveItem } from "../messages/item.js";
import { matchesTopic } from "../messages/topic-match.js";
import type { FromTab, FromWorker, Port } from "./messages.js";
import type { ReplayBuffer } from "./replay-buffer.js";

/**
 * The maximum number of arrivals that a tab has not acknowledged. This is also the maximum number of arrivals that wait
 * in a frozen page.
 */
const maxUnacknowledged = 256;

/** A change of a tab's filters, from one arrival on. */
export interface TabChange {
  /** The number of the first arrival after the change. */
  readonly from: number;
  readonly filters: readonly string[];
  /** The new filters: the tab first receives their retained values. */
  readonly added: readonly string[];
}

/** One tab of a worker: its filters, and its position in the replay buffer. */
export class Tab {
  readonly port: Port<FromWorker, FromTab>;
  #filters: readonly string[];
  /** The filters whose events the tab receives now. */
  #following: readonly string[] = [];
  /** The filters whose retained values the tab receives now. */
  #retainedFilters: readonly string[] = [];
  /** Changes that the stream has made, but that the tab has not reached. */
  #changes: TabChange[] = [];
  /** The number of the tab's next arrival; undefined until a stream with its filters has opened. */
  #next: number | undefined;
  #unacknowledged = 0;
  #isDetached = false;
  lastSeenMs = Date.now();

  constructor(port: Port<FromWorker, FromTab>, filters: readonly string[]) {
    this.port = port;
    this.#filters = filters;
  }

  /** The filters that the tab wants. */
  get filters(): readonly string[] {
    return this.#filters;
  }

  /** True if the tab reads with a direct connection, or waits for its turn to do so. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Removed filters end at once. Added filters begin when the stream has them: see {@link change}. */
  want(filters: readonly string[]): void {
    this.#filters = filters;
  }

  /** The tab receives the arrivals of the change, unless it has begun to receive earlier ones. */
  change(change: TabChange): void {
    this.#isDetached = false;
    this.#next ??= change.from;
    this.#changes.push(change);
  }

  acknowledge(count: number): void {
    // A late acknowledgement may count arrivals that the tab received before it was detached.
    this.#unacknowledged = Math.max(0, this.#unacknowledged - count);
  }

  /** Stops sending until the next change. Until then, the tab reads with a direct connection. */
  detach(): void {
    this.#isDetached = true;
    this.#next = undefined;
    this.#unacknowledged = 0;
    this.#following = this.#retainedFilters = this.#changes = [];
  }

  /** True if the tab is so far behind that its next arrivals will soon be evicted. */
  isBehind(replay: ReplayBuffer): boolean {
    return this.#next !== undefined && replay.isHalfFullFrom(this.#next);
  }

  /** Sends the next arrivals, up to `maxUnacknowledged`. Returns false if some of these arrivals were evicted. */
  sendNext(replay: ReplayBuffer): boolean {
    if (this.#next === undefined) return true;
    if (!replay.holdsFrom(this.#next)) return false;
    const arrivals: Arrival[] = [];
    while (this.#unacknowledged + arrivals.length < maxUnacknowledged) {
      const arrival = replay.at(this.#next);
      if (arrival === undefined) break;
      this.#reach(this.#next);
      this.#next += 1;
      this.#collect(arrivals, arrival);
    }
    this.#send(arrivals);
    return true;
  }

  #reach(number: number): void {
    while ((this.#changes[0]?.from ?? Infinity) <= number) {
      const { filters = [], added = [] } = this.#changes.shift() ?? {};
      this.#following = filters;
      this.#retainedFilters = [...this.#retainedFilters, ...added];
    }
  }

  /** Arrivals for other tabs only move the cursor. The method combines several consecutive moves into one. */
  #collect(arrivals: Arrival[], { item, cursor }: Arrival): void {
    const isRetained = item?.kind === "event" && item.retained === true;
    const isOwn =
      item !== undefined && this.#isFor(item, isRetained ? this.#retainedFilters : this.#following);
    if (isRetained && !isOwn) return;
    if (!isRetained) this.#retainedFilters = [];
    if (!isOwn && arrivals.at(-1)?.item === undefined) arrivals.pop();
    arrivals.push(isOwn ? { item, cursor } : { cursor });
  }

  /** Every tab receives gaps and events without topics, because some private events do not name their topics. */
  #isFor(item: LiveItem, filters: readonly string[]): boolean {
    const wanted = filters.filter((filter) => this.#filters.includes(filter));
    if (item.kind === "gap") return true;
    if (item.topics.length === 0) return wanted.length > 0;
    return item.topics.some((topic) => wanted.some((filter) => matchesTopic(filter, topic)));
  }

  #send(arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    this.#unacknowledged += arrivals.length;
    this.port.send({ kind: "arrivals", arrivals });
  }
}
