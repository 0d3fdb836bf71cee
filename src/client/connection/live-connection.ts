import type { Feed, FeedEvents } from "./feed.js";
import { Inbox } from "./inbox.js";
import { filterList, shown } from "../messages/filter-list.js";
import {
  isSameState,
  type Arrival,
  type ConnectionState,
  type LiveEvent,
  type LiveGap,
  type LiveItem,
} from "../messages/item.js";

/** The names that `on` accepts, and the value that each listener receives. */
export interface LiveEventMap {
  readonly event: LiveEvent;
  readonly gap: LiveGap;
  /** Each new state of the connection. The property `state` contains the current state. */
  readonly state: ConnectionState;
}

/** The type of each listener, by the name of its event. */
export type LiveListeners = { readonly [Name in keyof LiveEventMap]: (value: LiveEventMap[Name]) => void };

/** The number of retained values that the library remembers while they arrive. Values beyond it may arrive twice. */
const maxRetainedIds = 10_000;

export interface LiveOptions {
  readonly filters: readonly string[];
  readonly lastEventId: string;
  readonly makeFeed: (events: FeedEvents) => Feed;
}

/**
 * A connection that reconnects, resumes after the last event that the program received, and reports gaps. Listeners and
 * loops receive each item once and in order. Without a listener or loop, up to {@link maxWaitingItems} items wait for
 * the program. If more items would wait, the library stops reading until the program consumes some items. No item is
 * dropped.
 */
export class LiveConnection implements AsyncIterable<LiveItem> {
  readonly #listeners: { readonly [Name in keyof LiveEventMap]: Set<LiveListeners[Name]> } = {
    event: new Set(),
    gap: new Set(),
    state: new Set(),
  };
  readonly #inbox = new Inbox((cursor) => this.#consumed(cursor));
  readonly #feed: Feed;
  #filters: readonly string[];
  /** The filters that the hub has confirmed. */
  #confirmedFilters: readonly string[];
  #state: ConnectionState = { kind: "idle" };
  #lastEventId: string;
  readonly #iterators = new Set();
  /** The retained values that have arrived since the last live event or position. */
  readonly #retained = new Set<string>();

  /** Call `connect` instead. `connect` documents the options. */
  constructor({ filters, lastEventId, makeFeed }: LiveOptions) {
    this.#filters = this.#confirmedFilters = filters;
    this.#lastEventId = lastEventId;
    this.#feed = makeFeed({
      state: (state) => this.#setState(state),
      arrival: (arrival) => this.#receive(arrival),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The filters that the program wants. The hub may not have confirmed the last change yet. */
  get filters(): readonly string[] {
    return this.#filters;
  }

  /**
   * The id of the last event that the program received. Another connection may resume from this id. The value is `""`
   * before the first event.
   */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Adds a listener and returns a function that removes it. The first listener for `event` receives the waiting items. */
  on<Name extends keyof LiveEventMap>(name: Name, listener: LiveListeners[Name]): () => void {
    const listeners = Object.hasOwn(this.#listeners, name) && this.#listeners[name];
    if (!listeners || typeof listener !== "function")
      throw new TypeError(
        `on needs "event", "gap" or "state", and a function, not ${shown([name, listener])}`,
      );
    listeners.add(listener);
    if (name === "event") queueMicrotask(() => this.#deliverWaiting());
    return () => void listeners.delete(listener);
  }

  /**
   * Adds filters. The connection first receives the retained values of the new filters, then live events. The promise
   * resolves when the hub has added the filters. If the hub refuses the filters, the promise rejects with
   * StreamRefusedError, and the earlier filters stay. The promise also rejects when the connection is closed. The
   * caller may ignore the promise.
   */
  add(...filters: readonly string[]): Promise<void> {
    return this.#follow([...new Set([...this.#filters, ...filterList(filters)])]);
  }

  /**
   * Removes filters. Without filters the connection is idle until filters are added. The promise resolves and rejects
   * as the promise of {@link add}.
   */
  drop(...filters: readonly string[]): Promise<void> {
    const dropped = filterList(filters);
    return this.#follow(this.#filters.filter((filter) => !dropped.includes(filter)));
  }

  /** Closes the connection. Waiting items are discarded, and loops end. Safe to call twice. */
  close(): void {
    this.#feed.close();
    this.#setState({ kind: "closed" });
  }

  /**
   * Yields events and gaps until the connection is closed. Throws if the server refuses the stream. If the program
   * leaves the loop, the connection stays open. With several loops, each item is delivered to one of the loops.
   */
  [Symbol.asyncIterator](): AsyncIterator<LiveItem, undefined> {
    const iterator = {
      next: () => this.#inbox.take(() => !this.#iterators.has(iterator)),
      return: async () => {
        this.#iterators.delete(iterator);
        this.#inbox.wake();
        return { done: true, value: undefined } as const;
      },
    };
    this.#iterators.add(iterator);
    return iterator;
  }

  #follow(filters: readonly string[]): Promise<void> {
    this.#filters = filters;
    const followed = this.#feed.follow(filters);
    // An error response rejects all pending changes, so the filters are reset to the last confirmed filters.
    followed.then(
      () => (this.#confirmedFilters = filters),
      () => (this.#filters = this.#confirmedFilters),
    );
    return followed;
  }

  #setState(state: ConnectionState): void {
    if (this.#state.kind === "closed" || isSameState(state, this.#state)) return;
    this.#state = state;
    if (state.kind === "closed") this.#inbox.end(state.error);
    this.#emit("state", state);
  }

  #receive({ item, cursor }: Arrival): Promise<void> | undefined {
    if (this.#isRepeated(item)) return undefined;
    if (item === undefined) {
      this.#inbox.mark(cursor);
      return undefined;
    }
    // The program may have added a listener or left a loop in this turn. The waiting items must be delivered before the
    // new item.
    this.#deliverWaiting();
    const isSent = this.#listeners.event.size > 0;
    if (isSent) this.#deliver(item);
    if (this.#iterators.size > 0 || !isSent) return this.#inbox.put({ item, cursor, isSent });
    this.#consumed(cursor);
    return undefined;
  }

  /**
   * True for a retained value that arrived before. If a stream breaks or is replaced while its retained values arrive,
   * the next stream sends all of these values.
   */
  #isRepeated(item: LiveItem | undefined): boolean {
    if (item?.kind !== "event" || item.retained !== true) {
      this.#retained.clear();
      return false;
    }
    const value = JSON.stringify([item.id, item.topics]);
    const isRepeated = this.#retained.has(value);
    if (this.#retained.size < maxRetainedIds) this.#retained.add(value);
    return isRepeated;
  }

  #deliverWaiting(): void {
    if (this.#iterators.size === 0 && this.#listeners.event.size > 0)
      this.#inbox.drain((item) => this.#deliver(item));
  }

  #deliver(item: LiveItem): void {
    this.#emit<LiveItem["kind"]>(item.kind, item);
  }

  /**
   * If a listener throws an error, the library reports it as an uncaught error. The other listeners and the stream
   * continue.
   */
  #emit<Name extends keyof LiveEventMap>(name: Name, value: LiveEventMap[Name]): void {
    for (const listener of this.#listeners[name]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #consumed(cursor: string): void {
    this.#lastEventId = cursor;
    this.#feed.consumed?.({ lastEventId: cursor, filters: this.#filters });
  }
}
