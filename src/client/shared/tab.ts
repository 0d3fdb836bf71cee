import type { Arrival, LiveItem } from "../messages/item.js";
import { matchesTopic } from "../messages/topic-match.js";
import type { FromTab, FromWorker, Port } from "./messages.js";
import type { ReplayBuffer } from "./replay-buffer.js";

/**
 * The maximum number of arrivals that a tab has not acknowledged. This is also the maximum number of arrivals that wait
 * in a frozen page.
 */
const maxUnacknowledged = 256;

/** One tab of a worker: its filters, and its position in the replay buffer. */
export class Tab {
  readonly port: Port<FromWorker, FromTab>;
  filters: readonly string[];
  /** Filters whose retained values the tab receives after the stream has opened with them. */
  newFilters: readonly string[] = [];
  /** Filters whose retained values are arriving now. */
  #retainedFilters: readonly string[] = [];
  /** The number of the tab's next arrival; undefined until a stream with its filters has opened. */
  #next: number | undefined;
  #unacknowledged = 0;
  #isDetached = false;
  lastSeenMs = Date.now();

  constructor(port: Port<FromWorker, FromTab>, filters: readonly string[]) {
    this.port = port;
    this.filters = filters;
  }

  /** True if the tab reads with a direct connection, or waits for its turn to do so. */
  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** The tab receives the arrivals that begin with number `next`, and also the retained values of its new filters. */
  attach(next: number): void {
    this.#isDetached = false;
    this.#next ??= next;
    this.#retainedFilters = [...this.#retainedFilters, ...this.newFilters];
    this.newFilters = [];
  }

  /** Sends a retained value, if one of the tab's new filters matches it. */
  sendRetained(arrival: Arrival): void {
    if (arrival.item !== undefined && isFor(arrival.item, this.#retainedFilters)) this.#send([arrival]);
  }

  /** Call this method when all retained values have arrived. */
  endRetained(): void {
    this.#retainedFilters = [];
  }

  acknowledge(count: number): void {
    // A late acknowledgement may count arrivals that the tab received before it was detached.
    this.#unacknowledged = Math.max(0, this.#unacknowledged - count);
  }

  /** Stops sending until the tab is attached again. Until then, the tab reads with a direct connection. */
  detach(): void {
    this.#isDetached = true;
    this.#next = undefined;
    this.#unacknowledged = 0;
    this.#retainedFilters = [];
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
      this.#next += 1;
      this.#collect(arrivals, arrival);
    }
    this.#send(arrivals);
    return true;
  }

  /** Arrivals for other tabs only move the cursor. The method combines several consecutive moves into one. */
  #collect(arrivals: Arrival[], arrival: Arrival): void {
    const isOwn = arrival.item !== undefined && isFor(arrival.item, this.filters);
    if (!isOwn && arrivals.at(-1)?.item === undefined) arrivals.pop();
    arrivals.push(isOwn ? arrival : { cursor: arrival.cursor });
  }

  #send(arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    this.#unacknowledged += arrivals.length;
    this.port.send({ kind: "arrivals", arrivals });
  }
}

/** Every tab receives gaps and events without topics, because some private events do not name their topics. */
function isFor(item: LiveItem, filters: readonly string[]): boolean {
  if (item.kind === "gap" || item.topics.length === 0) return true;
  return item.topics.some((topic) => filters.some((filter) => matchesTopic(filter, topic)));
}
