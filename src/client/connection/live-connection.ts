import type { Feed, FeedEvents } from "./feed.js";
import { Inbox } from "./inbox.js";
import type { Arrival, ConnectionState, LiveEvent, LiveGap, LiveItem } from "../messages/item.js";

/** What can be listened to, by name. */
export interface LiveEventMap {
  readonly event: LiveEvent;
  readonly gap: LiveGap;
  /** Each state that follows; the present one is in `state`. */
  readonly state: ConnectionState;
}

/** Who listens, by the same names. */
export type LiveListeners = { readonly [Name in keyof LiveEventMap]: (news: LiveEventMap[Name]) => void };

export interface LiveOptions {
  readonly filters: readonly string[];
  readonly lastEventId: string;
  readonly makeFeed: (events: FeedEvents) => Feed;
}

/**
 * A connection that stays: it reconnects by itself, resumes after what was taken last, and says where something is
 * missing. Items come to the listeners and to who iterates, each once and in order. Where nobody takes them they
 * wait, a few hundred; then nothing more is read until some are taken, and nothing is dropped.
 */
export class LiveConnection implements AsyncIterable<LiveItem> {
  readonly #listeners: { readonly [Name in keyof LiveEventMap]: Set<LiveListeners[Name]> } = {
    event: new Set(),
    gap: new Set(),
    state: new Set(),
  };
  readonly #inbox = new Inbox((cursor) => this.#taken(cursor));
  readonly #feed: Feed;
  #filters: readonly string[];
  /** What the hub has agreed to. */
  #followed: readonly string[];
  #state: ConnectionState = { kind: "idle" };
  #lastEventId: string;
  readonly #iterators = new Set();

  /** For `connect`, which says what the options mean. */
  constructor({ filters, lastEventId, makeFeed }: LiveOptions) {
    this.#filters = this.#followed = filters;
    this.#lastEventId = lastEventId;
    this.#feed = makeFeed({
      state: (state) => this.#become(state),
      arrival: (arrival) => this.#arrive(arrival),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Those that are wanted; the hub may not have been told yet. */
  get filters(): readonly string[] {
    return this.#filters;
  }

  /** After what the program has taken: another connection may resume from here. `""` when there is nothing yet. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Listens until what is returned is called. What has been waiting comes to the first who listens to it. */
  on<Name extends keyof LiveEventMap>(name: Name, listener: LiveListeners[Name]): () => void {
    const listeners = this.#listeners[name];
    listeners.add(listener);
    if (name === "event") queueMicrotask(() => this.#giveWaiting());
    return () => void listeners.delete(listener);
  }

  /**
   * Follows these too, from now on, their retained values first. Resolves when the hub does; rejects with
   * StreamRefusedError when it will not: then they are dropped again, and the others go on; and when the connection is
   * closed. It need not be waited for.
   */
  add(...filters: readonly string[]): Promise<void> {
    return this.#follow([...new Set([...this.#filters, ...filters])]);
  }

  /** Follows these no more. With none left the connection is closed until some are added. Resolves as {@link add}. */
  drop(...filters: readonly string[]): Promise<void> {
    return this.#follow(this.#filters.filter((filter) => !filters.includes(filter)));
  }

  /** Ends it for good; what waits is not given out any more, and loops over it end. Safe to call twice. */
  close(): void {
    this.#feed.close();
    this.#become({ kind: "closed" });
  }

  /**
   * Yields events and gaps until it is closed; throws when the server refuses it for good. Leaving the loop does not
   * close it. Of several loops each item goes to one.
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
    // What is refused is refused with all that waits beside it.
    followed.then(
      () => (this.#followed = filters),
      () => (this.#filters = this.#followed),
    );
    return followed;
  }

  #become(state: ConnectionState): void {
    if (this.#state.kind === "closed") return;
    this.#state = state;
    if (state.kind === "closed") this.#inbox.end(state.error);
    this.#tell("state", state);
  }

  #arrive({ item, cursor }: Arrival): Promise<void> | undefined {
    if (item === undefined) {
      this.#inbox.mark(cursor);
      return undefined;
    }
    // A listener, or a loop that was left, may have come just now: what has waited goes first.
    this.#giveWaiting();
    const isHeard = this.#listeners.event.size > 0;
    if (isHeard) this.#give(item);
    if (this.#iterators.size > 0 || !isHeard) return this.#inbox.put({ item, cursor, isHeard });
    this.#taken(cursor);
    return undefined;
  }

  #giveWaiting(): void {
    if (this.#iterators.size === 0 && this.#listeners.event.size > 0)
      this.#inbox.drain((item) => this.#give(item));
  }

  #give(item: LiveItem): void {
    if (item.kind === "event") this.#tell(item.kind, item);
    else this.#tell(item.kind, item);
  }

  /** A listener that throws is the program's fault, and is reported as one: the others and the stream go on. */
  #tell<Name extends keyof LiveEventMap>(name: Name, news: LiveEventMap[Name]): void {
    for (const listener of this.#listeners[name]) {
      try {
        listener(news);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #taken(cursor: string): void {
    this.#lastEventId = cursor;
    this.#feed.taken?.({ lastEventId: cursor, filters: this.#filters });
  }
}
