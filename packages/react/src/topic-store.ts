import type { ConnectionState, ConnectOptions, Live, LiveEvent, LiveItem } from "@pharos/client";
import { matchesTopic } from "../../../src/client/messages/topic-match.js";

/** Options of the connection. The components name the filters. */
export type StoreOptions = Omit<ConnectOptions, "filters" | "signal">;

/** What a component sees of the connection. */
export interface Connection {
  /** The state of the connection. `idle` on a server, and while no component follows a topic. */
  readonly state: ConnectionState;
  /** Why the hub refused a filter, the last one if there are several; undefined if it follows all filters. */
  readonly refused: Error | undefined;
  /** The filters that the hub has refused, of components that are mounted. The others are followed. */
  readonly refusedFilters: readonly string[];
}

/** Opens a connection: `connect` of the client library. */
export type Connect = (url: string | URL, options: ConnectOptions) => TopicStoreLive;

/** The part of a connection that a store uses. */
export type TopicStoreLive = Pick<
  Live,
  "on" | "state" | "filters" | "lastEventId" | "add" | "drop" | "close"
>;

/** A component that follows filters. */
interface Follower {
  readonly filters: readonly string[];
  readonly listener: (item: LiveItem) => void;
  /** The number of its component. */
  readonly component: number;
}

/** The last event of a topic. */
interface Known {
  readonly id: string;
  /** The numbers of the components that have got it. Numbers, because objects would keep components in memory. */
  readonly components: Set<number>;
}

/** The topics whose last event is remembered, to tell a retained value that comes again. Those beyond it may come twice. */
const mostKnownTopics = 10_000;

/** After so many refusals without a success between, all filters that the hub has not accepted count as refused. */
const mostRefusals = 16;

/** The statuses with which a hub refuses filters. Others, such as 401, are about the whole connection. */
const refusesFilters: ReadonlySet<unknown> = new Set([400, 403]);

const noConnection: Connection = { state: { kind: "idle" }, refused: undefined, refusedFilters: [] };

export interface TopicStoreOptions {
  readonly url: string | URL;
  readonly options: StoreOptions;
  readonly connect: Connect;
}

/**
 * One connection for all components below a provider: it has the filters of all of them, and each gets the events that
 * its own filters match. The last event of each topic that {@link latest} names is remembered.
 *
 * A hub refuses filters together, and does not say which one is at fault. So the store asks again with half of them, until
 * it knows. It does not ask for a refused filter again while a component has it.
 */
export class TopicStore {
  readonly #parts: TopicStoreOptions;
  readonly #followers = new Set<Follower>();
  /** The number of followers of each filter. */
  readonly #uses = new Map<string, number>();
  readonly #refused = new Map<string, Error>();
  readonly #changed = new Set<() => void>();
  readonly #latest = new Map<string, LiveEvent>();
  readonly #known = new Map<string, Known>();
  #live: TopicStoreLive | undefined;
  #connection = noConnection;
  readonly #components = new WeakMap<object, number>();
  #lastComponent = 0;
  #isSyncDue = false;
  /** The filters for which the hub has no answer yet. The filters of later components wait meanwhile. */
  #asked: readonly string[] = [];
  /** True while an open connection adds filters. Its promise then tells what the hub answers. */
  #isAdding = false;
  /** The most filters to ask for at once. */
  #mostAsked = Infinity;
  #refusals = 0;

  constructor(parts: TopicStoreOptions) {
    this.#parts = parts;
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
    this.#connect();
    return () => {
      const live = this.#live;
      this.#live = undefined;
      live?.close();
      this.#latest.clear();
      this.#known.clear();
      this.#refused.clear();
      this.#accepted();
      this.#show(noConnection);
    };
  }

  /**
   * Calls `listener` with each event and gap of these filters. Returns a function that ends this.
   *
   * @param component stands for the component: it gets no event again if it comes again, for example with other filters
   */
  follow(
    filters: readonly string[],
    listener: (item: LiveItem) => void,
    component: object = listener,
  ): () => void {
    const follower: Follower = {
      filters: [...new Set(filters)],
      listener,
      component: this.#numberOf(component),
    };
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

  #numberOf(component: object): number {
    const number = this.#components.get(component) ?? (this.#lastComponent += 1);
    this.#components.set(component, number);
    return number;
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

  /** The filters that are not refused, as many as the store asks for at once. */
  #nextFilters(known: readonly string[]): readonly string[] {
    const wanted = [...this.#uses.keys()].filter(
      (filter) => !known.includes(filter) && !this.#refused.has(filter),
    );
    return wanted.slice(0, this.#mostAsked);
  }

  #connect(lastEventId = ""): void {
    this.#asked = this.#nextFilters([]);
    const { url, options, connect } = this.#parts;
    const position = lastEventId === "" ? {} : { lastEventId };
    const live = connect(url, { ...options, ...position, filters: [...this.#asked] });
    this.#live = live;
    live.on("event", (event) => this.#deliver(event));
    live.on("gap", (gap) => this.#deliver(gap));
    live.on("state", (state) => this.#stateChanged(live, state));
    this.#showState(live.state);
  }

  #stateChanged(live: TopicStoreLive, state: ConnectionState): void {
    if (live !== this.#live) return;
    if (state.kind === "closed" && isRefusal(state.error) && this.#uses.size > 0) {
      this.#askAgain(live, state.error);
      return;
    }
    this.#showState(state);
    if (state.kind !== "open" || this.#isAdding) return;
    this.#accepted();
    this.#sync();
  }

  /**
   * The hub has refused filters, and no stream is open. Only another connection can ask again. If there was a stream
   * before, the rights may have shrunk meanwhile, so any filter may be at fault. The other connection resumes where that
   * stream ended, but does not have all filters at once: the components are told that they may have missed events.
   */
  #askAgain(live: TopicStoreLive, error: unknown): void {
    const hadStream = this.#isAdding || this.#asked.length === 0;
    if (hadStream) this.#asked = [...this.#uses.keys()].filter((filter) => !this.#refused.has(filter));
    this.#refuse(error);
    this.#isAdding = false;
    this.#connect(live.lastEventId);
    if (hadStream)
      this.#deliver({ kind: "gap", id: live.lastEventId, reason: "unknown-id", topics: [], more: true });
  }

  #sync(): void {
    for (const filter of this.#refused.keys()) if (!this.#uses.has(filter)) this.#refused.delete(filter);
    this.#showRefused();
    const live = this.#live;
    // Until the hub answers, nobody knows which filters a refusal would be about.
    if (live === undefined || live.state.kind === "closed" || this.#asked.length > 0) return;
    const dropped = live.filters.filter((filter) => !this.#uses.has(filter));
    for (const filter of dropped) this.#latest.delete(filter);
    if (dropped.length > 0) live.drop(...dropped).catch(ignore);
    const added = this.#nextFilters(live.filters);
    if (added.length === 0) return;
    this.#isAdding = true;
    this.#asked = added;
    live.add(...added).then(
      () => this.#settled(live),
      (error: unknown) => this.#settled(live, error),
    );
  }

  #settled(live: TopicStoreLive, error?: unknown): void {
    // Another connection has taken its place, or none is needed.
    if (live !== this.#live || live.state.kind === "closed") return;
    this.#isAdding = false;
    if (error === undefined) this.#accepted();
    else this.#refuse(error);
    this.#sync();
  }

  #accepted(): void {
    this.#asked = [];
    this.#refusals = 0;
    this.#mostAsked = Math.max(1, this.#mostAsked * 2);
  }

  #refuse(error: unknown): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#refusals += 1;
    if (asked.length > 1 && isRefusal(error) && this.#refusals < mostRefusals) {
      this.#mostAsked = Math.ceil(asked.length / 2);
      return;
    }
    const all =
      this.#refusals < mostRefusals
        ? asked
        : [...this.#uses.keys()].filter((filter) => !this.#isFollowed(filter));
    for (const filter of all) this.#refused.set(filter, toError(error));
    this.#showRefused();
  }

  #isFollowed(filter: string): boolean {
    return this.#live?.state.kind !== "closed" && this.#live?.filters.includes(filter) === true;
  }

  #deliver(item: LiveItem): void {
    if (item.kind === "event")
      for (const topic of item.topics) if (this.#uses.has(topic)) this.#latest.set(topic, item);
    for (const follower of this.#followers)
      if (item.kind === "gap" || (isWanted(follower.filters, item) && this.#isNew(follower, item)))
        callSafely(() => follower.listener(item));
  }

  /** False for a retained value that comes again, because another component has added a filter for it. */
  #isNew({ component }: Follower, { id, topics, retained }: LiveEvent): boolean {
    const known = topics.map((topic) => this.#remember(topic, id));
    const isRepeated = retained === true && known.every(({ components }) => components.has(component));
    for (const { components } of known) components.add(component);
    return !isRepeated;
  }

  #remember(topic: string, id: string): Known {
    const before = this.#known.get(topic);
    if (before?.id === id) return before;
    const known = { id, components: new Set<number>() };
    this.#known.delete(topic);
    this.#known.set(topic, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnownTopics && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }

  #showState(state: ConnectionState): void {
    this.#show({ ...this.#connection, state });
  }

  #showRefused(): void {
    const refusedFilters = [...this.#refused.keys()];
    const refused = [...this.#refused.values()].at(-1);
    const { refusedFilters: before } = this.#connection;
    const isSame =
      before.length === refusedFilters.length && refusedFilters.every((filter, at) => filter === before[at]);
    if (!isSame || refused !== this.#connection.refused)
      this.#show({ ...this.#connection, refused, refusedFilters });
  }

  #show(connection: Connection): void {
    this.#connection = connection;
    for (const listener of this.#changed) listener();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && refusesFilters.has(Reflect.get(error, "status"));
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
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
