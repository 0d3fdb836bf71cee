import { silentMetrics } from "../../src/base/metrics.js";
import { Entry } from "../../src/hub/publications/entry.js";
import type { NodeId } from "../../src/journal/nodes.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { parseSubscription, subscriptionPath, subscriptionsTopic } from "../../src/presence/documents.js";
import type { PresenceNodes } from "../../src/presence/presence-nodes.js";
import { Presence } from "../../src/presence/presence.js";
import type { Subscriber } from "../../src/presence/subscriber.js";
import type { VirtualClock } from "../support/virtual-clock.js";
import { savedItems } from "../journal/saved-items.js";

/** What hubs append to their common log. */
type Item =
  | { readonly kind: "event"; readonly publication: Publication }
  | { readonly kind: "note"; readonly value: unknown }
  | { readonly kind: "joined" | "gone"; readonly node: NodeId };

/** An item that its hub has appended, and that may not be in the log yet. */
interface Sent {
  readonly item: Item;
  readonly applied: () => void;
}

/** The log of several hubs, in memory. */
export class CommonLog {
  readonly sent: Sent[] = [];
}

export interface CommonHubOptions {
  readonly log: CommonLog;
  readonly clock: VirtualClock;
  readonly node: NodeId;
  readonly deliveriesPerSecond: number;
}

/**
 * A hub with presence, over a common log. A test says when the items of the hub reach the log, and when the hub applies
 * items. Each event costs the hub one delivery.
 */
export class CommonHub {
  readonly node: NodeId;
  readonly presence: Presence;
  /** True while the hub has no connection to the log. */
  isCut = false;
  readonly #log: CommonLog;
  readonly #waiting: Sent[] = [];
  readonly #live = new Set<NodeId>();
  readonly #listeners: (() => void)[] = [];
  readonly #watchers: CommonWatcher[] = [];
  #at = 0;

  constructor({ log, clock, node, deliveriesPerSecond }: CommonHubOptions) {
    this.node = node;
    this.#log = log;
    const journal = {
      append: ({ ...publication }: Publication) =>
        this.#send({ kind: "event", publication }).then(() => ({ id: "" })),
      note: (_part: string, value: unknown) => this.#send({ kind: "note", value }),
      evictAll: () => undefined,
    };
    const nodes = this.#nodes;
    this.presence = new Presence({
      journal,
      nodes,
      clock,
      metrics: silentMetrics,
      limits: { subscriptionDeliveries: deliveriesPerSecond },
    });
  }

  /** The ids in the list of subscriptions. */
  get listed(): readonly string[] {
    return [...this.presence.active.all()].map(({ document }) => document.id).toSorted();
  }

  /** Loads what another hub has saved, and applies the rest of the log. Without another hub, applies the whole log. */
  start(other?: CommonHub): void {
    const saved: unknown = JSON.parse(
      JSON.stringify([...(other === undefined ? [] : savedItems(other.presence))]),
    );
    for (const item of Array.isArray(saved) ? saved : []) this.presence.load(item);
    if (other !== undefined) {
      for (const node of other.#live) this.#live.add(node);
      this.#at = other.#at;
    }
    this.apply();
    this.presence.begin();
    this.beat();
  }

  /** As the beat of a hub: the hub joins, unless the others know it. */
  beat(): void {
    if (!this.#live.has(this.node)) void this.#send({ kind: "joined", node: this.node });
  }

  /** Says that another hub is gone. */
  bury(node: NodeId): void {
    void this.#send({ kind: "gone", node });
  }

  knows(node: NodeId): boolean {
    return this.#live.has(node);
  }

  /** What this hub has appended reaches the log. */
  store(): void {
    if (!this.isCut) this.#log.sent.push(...this.#waiting.splice(0));
  }

  /** Applies up to this number of items. */
  apply(most = Infinity): void {
    if (this.isCut) return;
    const next = this.#log.sent.slice(this.#at, this.#at + most);
    for (const sent of next) {
      this.#at += 1;
      this.#take(sent.item);
      if (this.#own.delete(sent)) sent.applied();
    }
  }

  watch(): void {
    this.#watchers.push(new CommonWatcher(this));
  }

  /** The clients that do not know the list, and the number of gaps that they were told. */
  get watchers(): readonly CommonWatcher[] {
    return this.#watchers;
  }

  readonly #own = new Set<Sent>();

  #send(item: Item): Promise<void> {
    return new Promise((resolve) => {
      const sent = { item: JSON.parse(JSON.stringify(item)) as Item, applied: resolve };
      this.#own.add(sent);
      this.#waiting.push(sent);
    });
  }

  #take(item: Item): void {
    switch (item.kind) {
      case "event":
        return this.#deliver(item.publication);
      case "note":
        return this.presence.note(item.value);
      case "joined":
        this.#live.add(item.node);
        return this.#listeners.forEach((listener) => listener());
      case "gone":
        this.#live.delete(item.node);
        return this.#listeners.forEach((listener) => listener());
      default:
        return item satisfies never;
    }
  }

  #deliver(publication: Publication): void {
    const entry = new Entry({ offset: this.#at, id: "", publication, atMs: 0 });
    entry.readers = 1;
    this.presence.apply(entry);
    for (const watcher of this.#watchers) watcher.hear(publication);
  }

  get #nodes(): PresenceNodes {
    const live = this.#live;
    const self = this.node;
    return {
      self,
      get isFirst() {
        return live.has(self) && [...live].every((node) => node >= self);
      },
      isLive: (node) => live.has(node),
      onChange: (listener) => void this.#listeners.push(listener),
    };
  }
}

/** A client that requests the list, and then applies the events. After a gap, it requests the list again. */
export class CommonWatcher {
  readonly #hub: CommonHub;
  #known: Set<string>;
  gaps = 0;

  constructor(hub: CommonHub) {
    this.#hub = hub;
    this.#known = new Set(hub.listed);
  }

  get known(): readonly string[] {
    return [...this.#known].toSorted();
  }

  hear({ topics: [topic], data }: Publication): void {
    if (topic === subscriptionsTopic) {
      this.gaps += 1;
      this.#known = new Set(this.#hub.listed);
      return;
    }
    const { id, active } = parseSubscription(data);
    if (active) this.#known.add(id);
    else this.#known.delete(id);
  }
}

/** The id of the document of a subscriber's only subscription. */
export function documentIdOf({ id, matchers: [matcher] }: Subscriber): string {
  return subscriptionPath([matcher?.type ?? "", matcher?.text ?? "", id]);
}
