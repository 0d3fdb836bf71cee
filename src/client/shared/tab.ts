import type { Arrival, LiveItem } from "../messages/item.js";
import { matchesTopic } from "../messages/topic-match.js";
import type { FromTab, FromWorker, Port } from "./messages.js";
import type { ReplayBuffer } from "./replay-buffer.js";

/** How many arrivals may be on their way to a tab: what a page that does not run may have to keep. */
const maxOnTheWay = 256;

/** One page of those that a worker serves: its filters, and how far it has come. */
export class Tab {
  readonly port: Port<FromWorker, FromTab>;
  filters: readonly string[];
  /** Its filters whose retained values it is to get when the stream has been opened with them. */
  awaited: readonly string[] = [];
  /** Those that come now. */
  #beginning: readonly string[] = [];
  /** The number of its next arrival; undefined until a stream has begun that has what it wants. */
  #at: number | undefined;
  #onTheWay = 0;
  #isApart = false;
  lastSeenMs = Date.now();

  constructor(port: Port<FromWorker, FromTab>, filters: readonly string[]) {
    this.port = port;
    this.filters = filters;
  }

  /** True when it reads by itself, or waits for its turn to do so. */
  get isApart(): boolean {
    return this.#isApart;
  }

  /** From this number on it gets what comes, and the retained values of what it has awaited. */
  begin(at: number): void {
    this.#isApart = false;
    this.#at ??= at;
    this.#beginning = [...this.#beginning, ...this.awaited];
    this.awaited = [];
  }

  /** A retained value, which belongs to those alone who have just begun. */
  retained(arrival: Arrival): void {
    if (arrival.item !== undefined && isFor(arrival.item, this.#beginning)) this.#send([arrival]);
  }

  /** Retained values have all come. */
  begun(): void {
    this.#beginning = [];
  }

  taken(count: number): void {
    // What was on the way when it was paused is not counted any more.
    this.#onTheWay = Math.max(0, this.#onTheWay - count);
  }

  /** It reads by itself now, until it begins again. */
  pause(): void {
    this.#isApart = true;
    this.#at = undefined;
    this.#onTheWay = 0;
    this.#beginning = [];
  }

  /** True when it is so far behind that some of what it is to get will soon be forgotten. */
  isBehind(past: ReplayBuffer): boolean {
    return this.#at !== undefined && past.isHalfForgotten(this.#at);
  }

  /** Sends what there is, and may be on the way; false when some of it is forgotten. */
  pump(past: ReplayBuffer): boolean {
    if (this.#at === undefined) return true;
    if (!past.holdsFrom(this.#at)) return false;
    const arrivals: Arrival[] = [];
    while (this.#onTheWay + arrivals.length < maxOnTheWay) {
      const arrival = past.at(this.#at);
      if (arrival === undefined) break;
      this.#at += 1;
      this.#collect(arrivals, arrival);
    }
    this.#send(arrivals);
    return true;
  }

  /** What is for others moves the cursor only, and one move is as good as several. */
  #collect(arrivals: Arrival[], arrival: Arrival): void {
    const isOwn = arrival.item !== undefined && isFor(arrival.item, this.filters);
    if (!isOwn && arrivals.at(-1)?.item === undefined) arrivals.pop();
    arrivals.push(isOwn ? arrival : { cursor: arrival.cursor });
  }

  #send(arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    this.#onTheWay += arrivals.length;
    this.port.say({ kind: "arrivals", arrivals });
  }
}

/** A gap may concern anybody. So may an event whose topics are not told, as those of some private ones are not. */
function isFor(item: LiveItem, filters: readonly string[]): boolean {
  if (item.kind === "gap" || item.topics.length === 0) return true;
  return item.topics.some((topic) => filters.some((filter) => matchesTopic(filter, topic)));
}
