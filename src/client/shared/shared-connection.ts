import type { FeedEvents } from "../connection/feed.js";
import type { StreamLoop } from "../loop/stream-loop.js";
import { isSameState, type Arrival, type ConnectionState } from "../messages/item.js";
import { StreamRefusedError } from "../messages/refusal.js";
import { pingEveryMs, type FromTab, type FromWorker, type Port, type SharedSettings } from "./messages.js";
import { DirectReaders } from "./direct-readers.js";
import { ReplayBuffer } from "./replay-buffer.js";
import { Tab } from "./tab.js";
import { TabTokens } from "./tab-tokens.js";

type TabPort = Port<FromWorker, FromTab>;
type AttachMessage = Extract<FromTab, { kind: "attach" }>;

export interface SharedConnectionOptions {
  /** Makes and starts the feed of all tabs. */
  readonly makeFeed: (start: {
    readonly settings: SharedSettings;
    readonly filters: readonly string[];
    readonly lastEventId: string;
    readonly token: () => Promise<string | undefined>;
    readonly events: FeedEvents;
  }) => StreamLoop;
  /**
   * Resolves when a lock is released: the tab that held the lock no longer exists. The property is undefined if the
   * platform has no locks.
   */
  readonly whenLockReleased: ((name: string) => Promise<void>) | undefined;
}

/**
 * If a tab has no lock and sends no message for this time, in milliseconds, the worker removes the tab. The time is
 * more than a minute, because timers of background pages run only once a minute.
 */
const tabTimeoutMs = 15 * pingEveryMs;

/**
 * The longest time that the stream waits for slow tabs, in milliseconds. The worker then detaches these tabs, because a
 * frozen tab reads nothing.
 */
const catchUpMs = 2000;

/**
 * Serves all tabs of a worker from one feed. Each tab receives the events that match its own filters, starting at its
 * own position.
 */
export class SharedConnection {
  readonly #options: SharedConnectionOptions;
  readonly #tabs = new Map<TabPort, Tab>();
  readonly #tokens = new TabTokens(() => [...this.#tabs.keys()].toReversed());
  #feed: StreamLoop | undefined;
  #replay = new ReplayBuffer("");
  #state: ConnectionState = { kind: "idle" };
  /** True from the opening of a stream until its retained values have arrived. */
  #isOpening = false;
  readonly #directReaders = new DirectReaders();
  /** Set while the stream waits for slow tabs; called when no tab is slow any more. */
  #onCaughtUp: (() => void) | undefined;
  /** The filters of the stream. Each filter has the number of the first arrival after the filter was added. */
  #followedSince = new Map<string, number>();

  constructor(options: SharedConnectionOptions) {
    this.#options = options;
  }

  /** Adds a tab. */
  connect(port: TabPort): void {
    port.listen((message) => this.#receive(port, message));
  }

  #receive(port: TabPort, message: FromTab): void {
    if (message.kind === "attach") return this.#attach(port, message);
    const tab = this.#tabs.get(port);
    if (tab !== undefined) this.#handle(tab, message);
    // The worker has removed the tab after a time without messages, but the tab still exists.
    else if (message.kind !== "leave") port.send({ kind: "detached" });
  }

  #handle(tab: Tab, message: Exclude<FromTab, AttachMessage>): void {
    tab.lastSeenMs = Date.now();
    switch (message.kind) {
      case "follow":
        return this.#follow(tab, message);
      case "acknowledge":
        tab.acknowledge(message.count);
        this.#sendNext(tab);
        return this.#isAnyBehind() ? undefined : this.#onCaughtUp?.();
      case "token":
        return this.#tokens.receive(message);
      case "retry":
        return this.#feed?.retry({ wasOffline: false });
      case "ping":
        tab.port.send({ kind: "pong" });
        return this.#removeSilentTabs();
      case "leave":
        return this.#remove(tab.port);
      default:
        return message satisfies never;
    }
  }

  #attach(port: TabPort, { settings, filters, cursor, lock }: AttachMessage): void {
    const tab = this.#tabs.get(port) ?? new Tab(port, filters);
    tab.want(filters);
    if (lock !== undefined && !this.#tabs.has(port))
      void this.#options.whenLockReleased?.(lock).then(() => this.#remove(port));
    this.#tabs.set(port, tab);
    if (this.#feed === undefined) this.#start(settings, cursor);
    else if (cursor === "") return this.#attachNew(tab);
    this.#attachAt(tab, cursor);
  }

  #start(settings: SharedSettings, lastEventId: string): void {
    this.#replay = new ReplayBuffer(lastEventId);
    const filters = this.#allFilters();
    this.#followedSince = new Map(filters.map((filter) => [filter, 0]));
    const events = {
      state: (state: ConnectionState) => this.#setState(state),
      arrival: (arrival: Arrival) => this.#receiveArrival(arrival),
    };
    const token = (): Promise<string | undefined> => this.#tokens.request();
    this.#feed = this.#options.makeFeed({ settings, filters, lastEventId, token, events });
  }

  /**
   * A tab without a position starts when the stream has opened with the tab's filters. The tab first receives retained
   * values, then live events.
   */
  #attachNew(tab: Tab): void {
    const { filters } = tab;
    tab.port.send({ kind: "attached" });
    this.#sendState(tab.port);
    this.#update(filters, () => this.#change(tab, filters, filters)).catch((error: unknown) =>
      this.#refuse(tab.port, error),
    );
  }

  /**
   * A tab with a position continues from this position, if the replay buffer has all later arrivals for the tab's
   * filters. Otherwise the tab reads with a direct connection. The stream adds the tab's filters at the same time, so
   * that the tab can attach again later.
   */
  #attachAt(tab: Tab, cursor: string): void {
    const { filters } = tab;
    const from = this.#replay.numberAfter(cursor);
    const isCovered = filters.every(
      (filter) => (from ?? -1) >= (this.#followedSince.get(filter) ?? Infinity),
    );
    if (from !== undefined && isCovered) {
      tab.port.send({ kind: "attached" });
      this.#sendState(tab.port);
      tab.detach();
      tab.change({ from, filters, added: cursor === "" ? filters : [] });
      this.#directReaders.remove(tab);
      return this.#sendNext(tab);
    }
    tab.port.send({ kind: "detached" });
    this.#update([]).catch(() => undefined);
  }

  #follow(tab: Tab, { filters, number }: Extract<FromTab, { kind: "follow" }>): void {
    const before = tab.filters;
    const added = filters.filter((filter) => !before.includes(filter));
    tab.want(filters);
    const onOpen = (): void => {
      // A detached tab adds the filters to its direct connection.
      if (tab.isDetached) return;
      this.#change(tab, filters, added);
      tab.port.send({ kind: "followed", number });
    };
    this.#update(added, onOpen).catch((error: unknown) => {
      tab.want(before);
      tab.port.send({ kind: "refused", number, ...refusalOf(error) });
    });
  }

  /** The change begins with the first arrival of the stream that has just opened. */
  #change(tab: Tab, filters: readonly string[], added: readonly string[]): void {
    tab.change({ from: this.#replay.end, filters, added });
  }

  /**
   * Changes the feed to the filters of all tabs. Requests the retained values of all filters in `again`, even if the
   * stream already has these filters. Calls `onOpen` before the first arrival of the changed stream.
   */
  async #update(again: readonly string[], onOpen?: () => void): Promise<void> {
    const filters = this.#allFilters();
    const since = this.#followedSince;
    const isSame = filters.length === since.size && filters.every((filter) => since.has(filter));
    if (this.#feed === undefined || (again.length === 0 && isSame)) return onOpen?.();
    await this.#feed.follow(filters, {
      again,
      onOpen: () => {
        const { end } = this.#replay;
        this.#followedSince = new Map(
          filters.map((filter) => [filter, this.#followedSince.get(filter) ?? end]),
        );
        onOpen?.();
      },
    });
  }

  #allFilters(): readonly string[] {
    return [...new Set([...this.#tabs.values()].flatMap(({ filters }) => filters))];
  }

  /** Waits for slow tabs, up to `catchUpMs`. During this time, further events stay in the hub's history. */
  #receiveArrival(arrival: Arrival): Promise<void> | undefined {
    const { item, cursor } = arrival;
    // A heartbeat tells the tabs nothing new. Only the first position of a stream ends its retained values.
    if (item === undefined && cursor === this.#replay.cursor && !this.#isOpening) return undefined;
    this.#isOpening &&= item?.kind === "event" && item.retained === true;
    this.#replay.add(arrival);
    for (const tab of this.#tabs.values()) this.#sendNext(tab);
    return this.#isAnyBehind() ? this.#waitForTabs() : undefined;
  }

  #isAnyBehind(): boolean {
    return [...this.#tabs.values()].some((tab) => tab.isBehind(this.#replay));
  }

  #waitForTabs(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const tab of this.#tabs.values()) if (tab.isBehind(this.#replay)) this.#detach(tab);
        this.#onCaughtUp?.();
      }, catchUpMs);
      this.#onCaughtUp = () => {
        clearTimeout(timer);
        this.#onCaughtUp = undefined;
        resolve();
      };
    });
  }

  #sendNext(tab: Tab): void {
    if (!tab.sendNext(this.#replay)) this.#detach(tab);
  }

  #detach(tab: Tab): void {
    tab.detach();
    this.#directReaders.add(tab);
  }

  #setState(state: ConnectionState): void {
    this.#isOpening ||= state.kind === "open";
    const isNew = !isSameState(state, this.#state);
    this.#state = state;
    if (isNew) for (const port of this.#tabs.keys()) this.#sendState(port);
    if (state.kind === "closed") this.#end();
  }

  #sendState(port: TabPort): void {
    const state = this.#state;
    if (state.kind === "closed") this.#refuse(port, state.error);
    else port.send({ kind: "state", state });
  }

  #refuse(port: TabPort, error: unknown): void {
    port.send({ kind: "closed", ...refusalOf(error) });
    this.#remove(port);
  }

  #remove(port: TabPort): void {
    const tab = this.#tabs.get(port);
    if (tab === undefined) return;
    this.#tabs.delete(port);
    this.#directReaders.remove(tab);
    if (this.#tabs.size === 0) this.#end();
    else this.#update([]).catch(() => undefined);
  }

  #removeSilentTabs(): void {
    const sinceMs = Date.now() - tabTimeoutMs;
    for (const [port, { lastSeenMs }] of this.#tabs) if (lastSeenMs < sinceMs) this.#remove(port);
  }

  /** Closes the feed. The next tab starts a new feed. */
  #end(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#tabs.clear();
    this.#directReaders.clear();
    this.#onCaughtUp?.();
    this.#state = { kind: "idle" };
  }
}

function refusalOf(error: unknown): { readonly status: number; readonly reason: string } {
  if (error instanceof StreamRefusedError) return { status: error.status, reason: error.reason };
  return { status: 0, reason: error instanceof Error ? error.message : String(error) };
}
