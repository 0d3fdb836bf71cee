import type { FeedEvents } from "../connection/feed.js";
import type { StreamLoop } from "../connection/stream-loop.js";
import type { Arrival, ConnectionState } from "../messages/item.js";
import { StreamRefusedError } from "../messages/refusal.js";
import { aliveEveryMs, type FromTab, type FromWorker, type Port, type SharedSettings } from "./messages.js";
import { SoloReaders } from "./solo-readers.js";
import { ReplayBuffer } from "./replay-buffer.js";
import { Tab } from "./tab.js";
import { TabTokens } from "./tab-tokens.js";

type TabPort = Port<FromWorker, FromTab>;
type Joining = Extract<FromTab, { kind: "join" }>;

export interface SharedConnectionOptions {
  /** Makes the one feed, which is to have begun. */
  readonly makeFeed: (made: {
    readonly settings: SharedSettings;
    readonly filters: readonly string[];
    readonly lastEventId: string;
    readonly token: () => Promise<string | undefined>;
    readonly events: FeedEvents;
  }) => StreamLoop;
  /** Resolves when a lock is free, that is when the tab has gone which held it; undefined where there are none. */
  readonly lockFreed: ((name: string) => Promise<void>) | undefined;
}

/** A tab without a lock is gone after this: timers of pages in the background run once a minute. */
const goneMs = 15 * aliveEveryMs;

/** How long the stream waits for tabs that are behind before they read by themselves: one that does not run takes nothing, in milliseconds. */
const patienceMs = 2000;

/** Serves the tabs of a worker from one feed with the filters of all: each gets what its own match, from where it stands. */
export class SharedConnection {
  readonly #options: SharedConnectionOptions;
  readonly #tabs = new Map<TabPort, Tab>();
  readonly #tokens = new TabTokens(() => [...this.#tabs.keys()].toReversed());
  #feed: StreamLoop | undefined;
  #past = new ReplayBuffer("");
  #state: ConnectionState = { kind: "idle" };
  readonly #apart = new SoloReaders();
  /** Called when no tab is behind, while the stream waits for that. */
  #caughtUp: (() => void) | undefined;
  /** The filters of the stream, with the number of the first arrival that it brought with them. */
  #since = new Map<string, number>();

  constructor(options: SharedConnectionOptions) {
    this.#options = options;
  }

  /** A tab has come. */
  connect(port: TabPort): void {
    port.hear((said) => this.#hear(port, said));
  }

  #hear(port: TabPort, said: FromTab): void {
    if (said.kind === "join") return this.#join(port, said);
    const tab = this.#tabs.get(port);
    if (tab !== undefined) this.#obey(tab, said);
    // It was taken for gone.
    else if (said.kind !== "leave") port.say({ kind: "apart" });
  }

  #obey(tab: Tab, said: Exclude<FromTab, Joining>): void {
    tab.lastSeenMs = Date.now();
    switch (said.kind) {
      case "follow":
        return this.#follow(tab, said);
      case "taken":
        tab.taken(said.count);
        this.#pump(tab);
        return this.#isAnyBehind() ? undefined : this.#caughtUp?.();
      case "token":
        return this.#tokens.answer(said);
      case "hurry":
        return this.#feed?.hurry({ renewed: false });
      case "alive":
        tab.port.say({ kind: "alive" });
        return this.#dropSilent();
      case "leave":
        return this.#leave(tab.port);
      default:
        return said satisfies never;
    }
  }

  #join(port: TabPort, { settings, filters, cursor, lock }: Joining): void {
    const tab = this.#tabs.get(port) ?? new Tab(port, filters);
    tab.filters = filters;
    if (lock !== undefined && !this.#tabs.has(port))
      void this.#options.lockFreed?.(lock).then(() => this.#leave(port));
    this.#tabs.set(port, tab);
    if (this.#feed === undefined) this.#start(settings, cursor);
    else if (cursor === "") return this.#joinAnew(tab);
    this.#joinAt(tab, cursor);
  }

  #start(settings: SharedSettings, lastEventId: string): void {
    this.#past = new ReplayBuffer(lastEventId);
    const filters = this.#wanted();
    this.#since = new Map(filters.map((filter) => [filter, 0]));
    const events = {
      state: (state: ConnectionState) => this.#become(state),
      arrival: (arrival: Arrival) => this.#arrive(arrival),
    };
    const token = (): Promise<string | undefined> => this.#tokens.ask();
    this.#feed = this.#options.makeFeed({ settings, filters, lastEventId, token, events });
  }

  /** It begins where the stream is when it has been opened for it: with retained values, and all that follows them. */
  #joinAnew(tab: Tab): void {
    tab.awaited = tab.filters;
    tab.port.say({ kind: "joined" });
    this.#tell(tab.port);
    this.#update(tab.filters).then(
      () => tab.begin(this.#past.end),
      (error: unknown) => this.#refuse(tab.port, error),
    );
  }

  /**
   * It goes on where it stands, if all that its filters match is remembered from there on. If not it reads by itself, and
   * comes back: by then the stream has its filters, and their ways meet.
   */
  #joinAt(tab: Tab, cursor: string): void {
    const at = this.#past.behind(cursor);
    const isCovered = tab.filters.every((filter) => (at ?? -1) >= (this.#since.get(filter) ?? Infinity));
    if (at !== undefined && isCovered) {
      tab.port.say({ kind: "joined" });
      this.#tell(tab.port);
      tab.awaited = cursor === "" ? tab.filters : [];
      tab.begin(at);
      this.#apart.end(tab);
      return this.#pump(tab);
    }
    tab.port.say({ kind: "apart" });
    this.#update([]).catch(() => undefined);
  }

  #follow(tab: Tab, { filters, number }: Extract<FromTab, { kind: "follow" }>): void {
    const before = tab.filters;
    const added = filters.filter((filter) => !before.includes(filter));
    tab.filters = filters;
    this.#update(added).then(
      () => {
        // It asks for them itself where it stands.
        if (tab.isApart) return;
        tab.awaited = added;
        tab.begin(this.#past.end);
        tab.port.say({ kind: "followed", number });
      },
      (error: unknown) => {
        tab.filters = before;
        tab.port.say({ kind: "refused", number, ...described(error) });
      },
    );
  }

  /** Has the feed follow what the tabs want now; `again` with its retained values, even where it is followed already. */
  async #update(again: readonly string[]): Promise<void> {
    const filters = this.#wanted();
    const isSame = filters.length === this.#since.size && filters.every((filter) => this.#since.has(filter));
    if (this.#feed === undefined || (again.length === 0 && isSame)) return;
    await this.#feed.follow(filters, again);
    this.#since = new Map(filters.map((filter) => [filter, this.#since.get(filter) ?? this.#past.end]));
  }

  #wanted(): readonly string[] {
    return [...new Set([...this.#tabs.values()].flatMap(({ filters }) => filters))];
  }

  /** What comes faster than tabs take it waits in the hub's history, not in theirs, as long as they take something. */
  #arrive(arrival: Arrival): Promise<void> | undefined {
    const isRetained = arrival.item?.kind === "event" && arrival.item.retained === true;
    if (!isRetained) this.#past.add(arrival);
    for (const tab of this.#tabs.values()) {
      if (isRetained) tab.retained(arrival);
      else tab.begun();
      this.#pump(tab);
    }
    return this.#isAnyBehind() ? this.#waitForTabs() : undefined;
  }

  #isAnyBehind(): boolean {
    return [...this.#tabs.values()].some((tab) => tab.isBehind(this.#past));
  }

  #waitForTabs(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const tab of this.#tabs.values()) if (tab.isBehind(this.#past)) this.#part(tab);
        this.#caughtUp?.();
      }, patienceMs);
      this.#caughtUp = () => {
        clearTimeout(timer);
        this.#caughtUp = undefined;
        resolve();
      };
    });
  }

  #pump(tab: Tab): void {
    if (!tab.pump(this.#past)) this.#part(tab);
  }

  #part(tab: Tab): void {
    tab.pause();
    this.#apart.begin(tab);
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    for (const port of this.#tabs.keys()) this.#tell(port);
    if (state.kind === "closed") this.#end();
  }

  #tell(port: TabPort): void {
    const state = this.#state;
    if (state.kind === "closed") this.#refuse(port, state.error);
    else port.say({ kind: "state", state });
  }

  #refuse(port: TabPort, error: unknown): void {
    port.say({ kind: "closed", ...described(error) });
    this.#leave(port);
  }

  #leave(port: TabPort): void {
    const tab = this.#tabs.get(port);
    if (tab === undefined) return;
    this.#tabs.delete(port);
    this.#apart.end(tab);
    if (this.#tabs.size === 0) this.#end();
    else this.#update([]).catch(() => undefined);
  }

  #dropSilent(): void {
    const sinceMs = Date.now() - goneMs;
    for (const [port, { lastSeenMs }] of this.#tabs) if (lastSeenMs < sinceMs) this.#leave(port);
  }

  /** Who joins next begins anew. */
  #end(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#tabs.clear();
    this.#apart.clear();
    this.#caughtUp?.();
    this.#state = { kind: "idle" };
  }
}

function described(error: unknown): { readonly status: number; readonly reason: string } {
  if (error instanceof StreamRefusedError) return { status: error.status, reason: error.reason };
  return { status: 0, reason: error instanceof Error ? error.message : String(error) };
}
