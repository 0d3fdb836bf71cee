import type { ConnectionState, LiveEvent, LiveItem } from "@pharos/client";
import type { Connect, TopicStoreLive } from "../../../packages/react/src/topic-store.js";
import { matchesTopic } from "../../../src/client/messages/topic-match.js";

/** The error of a hub that refuses. */
export class FakeRefusal extends Error {
  readonly status: number;

  constructor(filter: string, status: number) {
    super(`refused ${filter}`);
    this.status = status;
  }
}

interface Request {
  readonly filters: readonly string[];
  readonly added: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A hub with one client, and the rules of the client library: a refused change leaves the stream and its filters as they
 * are; a refusal without a stream closes the connection. The hub answers when {@link answer} is called.
 */
export class FakeHub {
  /** The filters that the hub refuses, each with the status. */
  readonly refuses = new Map<string, number>();
  readonly retained = new Map<string, LiveEvent>();
  /** The number of requests so far. */
  requests = 0;
  #current: FakeLive | undefined;
  #lastId = 0;

  /** The position with which the last connection began. */
  lastEventId: string | undefined;

  readonly connect: Connect = (_url, { filters = [], lastEventId }) => {
    this.lastEventId = lastEventId;
    this.#current = new FakeLive(this, typeof filters === "string" ? [filters] : filters);
    return this.#current;
  };

  get live(): FakeLive | undefined {
    return this.#current;
  }

  /** The first of these filters that the hub refuses. */
  refusalOf(filters: readonly string[]): FakeRefusal | undefined {
    this.requests += 1;
    const refused = filters.find((filter) => this.refuses.has(filter));
    return refused === undefined ? undefined : new FakeRefusal(refused, this.refuses.get(refused) ?? 400);
  }

  publish(topic: string, { retain = false }: { readonly retain?: boolean } = {}): string {
    this.#lastId += 1;
    const id = `${this.#lastId}`;
    const event = { kind: "event", id, data: id, topics: [topic] } as unknown as LiveEvent;
    if (retain) this.retained.set(topic, { ...event, retained: true });
    this.#current?.receive(event);
    return id;
  }

  /** Answers the oldest request. Returns false if there is none. */
  answer(): boolean {
    return this.#current?.answer() ?? false;
  }
}

type Listeners = Record<"event" | "gap" | "state", ((value: never) => void)[]>;

class FakeLive implements TopicStoreLive {
  readonly lastEventId = "#position";
  state: ConnectionState = { kind: "idle" };
  filters: readonly string[];
  readonly #hub: FakeHub;
  readonly #listeners: Listeners = { event: [], gap: [], state: [] };
  #open: readonly string[] = [];
  #requests: Request[] = [];

  constructor(hub: FakeHub, filters: readonly string[]) {
    this.#hub = hub;
    this.filters = filters;
    if (filters.length > 0) void this.#ask(filters, filters).catch(() => undefined);
  }

  readonly on: TopicStoreLive["on"] = (name, listener) => {
    this.#listeners[name].push(listener);
    return () => undefined;
  };

  add(...filters: readonly string[]): Promise<void> {
    return this.#ask([...new Set([...this.filters, ...filters])], filters);
  }

  drop(...filters: readonly string[]): Promise<void> {
    this.filters = this.filters.filter((filter) => !filters.includes(filter));
    this.#open = this.#open.filter((filter) => !filters.includes(filter));
    if (this.filters.length === 0) this.#show({ kind: "idle" });
    return Promise.resolve();
  }

  /** Ends the stream. The connection asks again for the filters that it wants. */
  breakStream(): void {
    this.#show({ kind: "waiting", delayMs: 0, reason: "broken" });
    this.#open = [];
    void this.#ask(this.filters, []).catch(() => undefined);
  }

  close(): void {
    this.#show({ kind: "closed" });
  }

  receive(event: LiveItem): void {
    if (this.state.kind !== "open" || event.kind !== "event") return;
    const isWanted = event.topics.some((topic) => this.#open.some((filter) => matchesTopic(filter, topic)));
    if (isWanted) this.#emit("event", event);
  }

  answer(): boolean {
    const request = this.#requests.shift();
    if (request === undefined || this.state.kind === "closed") return false;
    const refusal = this.#hub.refusalOf(request.filters);
    if (refusal === undefined) this.#accept(request);
    else this.#reject(request, refusal);
    return true;
  }

  #ask(filters: readonly string[], added: readonly string[]): Promise<void> {
    this.filters = filters;
    return new Promise((resolve, reject) => this.#requests.push({ filters, added, resolve, reject }));
  }

  #accept({ filters, added, resolve }: Request): void {
    this.#open = filters.filter((filter) => this.filters.includes(filter));
    this.#show(
      this.#open.length === 0 ? { kind: "idle" } : ({ kind: "open", transport: "event-stream" } as const),
    );
    resolve();
    for (const [topic, event] of this.#hub.retained)
      if (added.some((filter) => matchesTopic(filter, topic))) this.receive(event);
  }

  #reject({ reject }: Request, refusal: FakeRefusal): void {
    const hasStream = this.state.kind === "open";
    this.filters = this.#open;
    if (!hasStream) this.#show({ kind: "closed", error: refusal });
    reject(refusal);
  }

  #show(state: ConnectionState): void {
    if (this.state.kind === "closed") return;
    this.state = state;
    this.#emit("state", state);
  }

  #emit(name: keyof Listeners, value: unknown): void {
    for (const listener of this.#listeners[name]) (listener as (value: unknown) => void)(value);
  }
}
