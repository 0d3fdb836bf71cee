import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type Live,
  type LiveEvent,
  type LiveItem,
} from "@pharos/client";
import { matchesTopic } from "../../../src/client/messages/topic-match.js";

/** Options of the connection. The components name the filters. */
export type StoreOptions = Omit<ConnectOptions, "filters" | "signal">;

/** What a component sees of the connection. */
export interface Connection {
  /** The state of the connection. `idle` on a server, and while no component follows a topic. */
  readonly state: ConnectionState;
  /** Why the hub refused the last filters; undefined if it accepted them. */
  readonly refused: Error | undefined;
}

/** A component that follows filters. */
interface Follower {
  readonly filters: readonly string[];
  readonly listener: (item: LiveItem) => void;
  /** `new` until the hub knows its filters, `asked` until it has sent their retained values. */
  phase: "new" | "asked" | "old";
}

/** The topics whose last event is remembered, to tell a retained value that comes again. Those beyond it may come twice. */
const mostKnownTopics = 10_000;

const noConnection: Connection = { state: { kind: "idle" }, refused: undefined };

/**
 * One connection for all components below a provider: it has the filters of all of them, and each gets the events that
 * its own filters match. The last event of each topic that {@link latest} names is remembered.
 */
export class TopicStore {
  readonly #url: string | URL;
  readonly #options: StoreOptions;
  readonly #followers = new Set<Follower>();
  /** The number of followers of each filter. */
  readonly #uses = new Map<string, number>();
  readonly #changed = new Set<() => void>();
  readonly #latest = new Map<string, LiveEvent>();
  /** The id of the last event of a topic. */
  readonly #known = new Map<string, string>();
  #live: Live | undefined;
  #connection = noConnection;
  #isSyncDue = false;

  constructor(url: string | URL, options: StoreOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** What to show of the connection. The same object until something changes. */
  get connection(): Connection {
    return this.#connection;
  }

  /** Calls `listener` after each change of {@link connection}. Returns a function that ends this. */
  watch(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => void this.#changed.delete(listener);
  }

  /** Connects. Returns a function that closes the connection. */
  open(): () => void {
    const live = connect(this.#url, { ...this.#options, filters: [...this.#uses.keys()] });
    this.#live = live;
    // No event is known yet, so none can come again.
    for (const follower of this.#followers) follower.phase = "old";
    live.on("event", (event) => this.#deliver(event));
    live.on("gap", (gap) => this.#deliver(gap));
    live.on("state", (state) => this.#show({ ...this.#connection, state }));
    this.#show({ state: live.state, refused: undefined });
    return () => {
      if (this.#live === live) this.#live = undefined;
      live.close();
      this.#latest.clear();
      this.#known.clear();
      this.#show(noConnection);
    };
  }

  /** Calls `listener` with each event and gap of these filters. Returns a function that ends this. */
  follow(filters: readonly string[], listener: (item: LiveItem) => void): () => void {
    const follower: Follower = { filters: [...new Set(filters)], listener, phase: "new" };
    this.#followers.add(follower);
    for (const filter of follower.filters) this.#uses.set(filter, (this.#uses.get(filter) ?? 0) + 1);
    this.#syncLater();
    return () => {
      if (!this.#followers.delete(follower)) return;
      for (const filter of follower.filters) this.#release(filter);
      this.#syncLater();
    };
  }

  /** The last event of a topic that somebody follows by its name; undefined if there was none. */
  latest(topic: string): LiveEvent | undefined {
    return this.#latest.get(topic);
  }

  #release(filter: string): void {
    const uses = (this.#uses.get(filter) ?? 0) - 1;
    if (uses > 0) this.#uses.set(filter, uses);
    else this.#uses.delete(filter);
  }

  /** A component that leaves and another that comes in the same turn change nothing at the hub. */
  #syncLater(): void {
    if (this.#isSyncDue) return;
    this.#isSyncDue = true;
    queueMicrotask(() => {
      this.#isSyncDue = false;
      this.#sync();
    });
  }

  #sync(): void {
    const live = this.#live;
    if (live === undefined || live.state.kind === "closed") return;
    const added = [...this.#uses.keys()].filter((filter) => !live.filters.includes(filter));
    const dropped = live.filters.filter((filter) => !this.#uses.has(filter));
    for (const filter of dropped) this.#latest.delete(filter);
    if (dropped.length > 0) live.drop(...dropped).catch(ignore);
    const asking = [...this.#followers].filter(({ phase }) => phase === "new");
    for (const follower of asking) follower.phase = "asked";
    const settled = (refused: Error | undefined): void => {
      for (const follower of asking) follower.phase = "old";
      if (refused !== this.#connection.refused) this.#show({ ...this.#connection, refused });
    };
    if (added.length === 0) settled(this.#connection.refused);
    else live.add(...added).then(() => settled(undefined), settled);
  }

  #deliver(item: LiveItem): void {
    if (item.kind === "gap") {
      for (const { listener } of this.#followers) callSafely(() => listener(item));
      return;
    }
    const isRepeated =
      item.retained === true && item.topics.every((topic) => this.#known.get(topic) === item.id);
    for (const topic of item.topics) this.#remember(topic, item);
    for (const { filters, listener, phase } of this.#followers)
      if ((!isRepeated || phase !== "old") && isWanted(filters, item)) callSafely(() => listener(item));
  }

  #remember(topic: string, event: LiveEvent): void {
    if (this.#uses.has(topic)) this.#latest.set(topic, event);
    this.#known.delete(topic);
    this.#known.set(topic, event.id);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnownTopics && oldest !== undefined) this.#known.delete(oldest);
  }

  #show(connection: Connection): void {
    this.#connection = connection;
    for (const listener of this.#changed) listener();
  }
}

/** An event whose topics the hub does not name goes to all followers. */
function isWanted(filters: readonly string[], { topics }: LiveEvent): boolean {
  return topics.length === 0 || topics.some((topic) => filters.some((filter) => matchesTopic(filter, topic)));
}

/** A component whose listener throws does not keep an event from the others. The platform reports its error. */
function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The connection itself reports what has failed. */
function ignore(): void {}
