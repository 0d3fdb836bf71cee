import { Fanout } from "../../src/delivery/fanout.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { admitStream } from "../../src/delivery/joining/admitted-stream.js";
import { LocalTicket } from "../../src/delivery/joining/local-ticket.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import type { Channel } from "../../src/delivery/channel.js";
import type { Connection } from "../../src/delivery/connection.js";
import { defaultFanoutLimits } from "../../src/limits/fanout.js";
import { mercureFormat, olderMercureFormat } from "../../src/protocols/mercure/formats.js";
import { readRights } from "../../src/gateway/access/read-rights.js";
import type { TopicFilter } from "../../src/hub/filters/filter.js";
import { Hub } from "../../src/hub/hub.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import type { HistoryLimits } from "../../src/limits/history.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { EventStreamParser } from "../../src/sse/parse.js";
import type { RawEvent } from "../../src/sse/parse.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { asOlder, subscriptionsTopic } from "../../src/presence/documents.js";
import { soleNode } from "../../src/presence/presence-nodes.js";
import { Presence } from "../../src/presence/presence.js";
import type { Subscriber } from "../../src/presence/subscriber.js";
import { idOf, testNode } from "./subscriber-names.js";
import { VirtualClock } from "../support/virtual-clock.js";

export interface WorldOptions {
  readonly limits: Partial<HistoryLimits>;
  readonly deliveriesPerSecond: number;
  readonly baseUrl: string;
  /** The largest size of a round and of one write, in bytes. */
  readonly roundBytes: number;
}

/** The journal, hub, fan-out and presence. Clients receive bytes when a test calls `drain`. */
export class World {
  readonly clock = new VirtualClock();
  readonly journal: MemoryJournal;
  readonly presence: Presence;
  readonly fanout: Fanout<Watcher>;
  /** Connections that have not received all written bytes. */
  readonly slow = new Set<Connection<Watcher>>();

  constructor({ limits, deliveriesPerSecond, baseUrl, roundBytes }: WorldOptions) {
    const { clock } = this;
    const epoch = parseEpoch("test");
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock,
      metrics: silentMetrics,
      presenceTopic: subscriptionsTopic,
      limits: { ...defaultHistoryLimits, ...limits },
    });
    const hub = new Hub({ history: this.journal.history, clock, baseUrl, presenceTopic: subscriptionsTopic });
    this.journal.follow({
      apply: (entry) => {
        hub.apply(entry);
        this.presence.apply(entry);
      },
    });
    this.presence = new Presence({
      nodes: soleNode(testNode),
      journal: this.journal,
      clock,
      metrics: silentMetrics,
      limits: { subscriptionDeliveries: deliveriesPerSecond },
    });
    this.journal.keep(this.presence);
    this.fanout = new Fanout({
      front: "http",
      cohorts: new LocalCohorts({ name: "test", hub }),
      channel: this.#channel(roundBytes),
      clock,
      metrics: silentMetrics,
      limits: { ...defaultFanoutLimits, roundBytes, stallMs: 1e9 },
    });
  }

  /** The client has received all written bytes. */
  drain(connection: Connection<Watcher>): void {
    if (this.slow.delete(connection)) this.fanout.drained(connection);
  }

  #channel(maxWriteBytes: number): Channel<Watcher> {
    const write = (connection: Connection<Watcher>, body: Buffer): void => {
      connection.handle.take(body);
      if (connection.handle.isFast) this.fanout.drained(connection);
      else this.slow.add(connection);
    };
    return {
      pacing: "drain",
      maxWriteBytes,
      roundBytes: () => 1e9,
      write,
      writeRound: (members, body) => members.forEach((member) => write(member, body)),
      whenHandedOver: (action) => action(),
      joined: () => undefined,
      left: () => undefined,
      end: () => undefined,
      cut: () => undefined,
      flush: () => undefined,
    };
  }
}

export interface WatcherOptions {
  readonly filter: TopicFilter;
  readonly form: "current" | "older";
  /** True for the ids of subscriptions that the watcher may see. */
  readonly isAbout: (id: string) => boolean;
  readonly isFast: boolean;
}

/**
 * A client that updates a list of subscriptions from presence events. After a gap, the client requests the list again.
 */
export class Watcher {
  readonly isFast: boolean;
  readonly #world: World;
  readonly #options: WatcherOptions;
  #connection: Connection<Watcher> | undefined;
  #lastEventId: string | undefined;
  #parser = this.#newParser();
  #decoder = new TextDecoder();
  #known = new Set<string>();
  gaps = 0;

  constructor(world: World, options: WatcherOptions) {
    this.#world = world;
    this.#options = options;
    this.isFast = options.isFast;
    this.#askForList();
  }

  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  /** The differences between the watcher's list and the real list. */
  get mistakes(): readonly string[] {
    const truth = this.#truth();
    const missing = [...truth].filter((id) => !this.#known.has(id)).map((id) => `misses ${id}`);
    return [...missing, ...[...this.#known].filter((id) => !truth.has(id)).map((id) => `believes in ${id}`)];
  }

  open(id: string): void {
    const { filter, form } = this.#options;
    const grants = { form, subscribe: [filter] };
    const rights = readRights({ ...nothingElse, ...grants });
    if (rights === publicOnly) throw new Error("a watcher has rights");
    this.#parser = this.#newParser();
    this.#decoder = new TextDecoder();
    const format = form === "older" ? olderMercureFormat : mercureFormat;
    const subscription = { format, filters: [filter], rights };
    const stream = admitStream({
      ticket: new LocalTicket({ subscription, lastEventId: this.#lastEventId }),
      expiresAtMs: undefined,
      opened: () => this.#world.presence.enter(subscriberNamed(id, "watching")),
    });
    this.#connection = this.#world.fanout.open(stream, { handle: this, head: Buffer.alloc(0) });
  }

  close(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#world.slow.delete(connection);
    this.#world.fanout.closed(connection);
  }

  take(bytes: Buffer): void {
    this.#parser.push(this.#decoder.decode(bytes, { stream: true }));
  }

  #hear({ id, type, data }: RawEvent): void {
    this.#lastEventId = id ?? this.#lastEventId;
    if (type === "pharos-gap") {
      this.gaps += 1;
      this.#known = this.#truth();
    } else if (data?.includes('"active"') === true) {
      const document = JSON.parse(data) as { readonly id: string; readonly active: boolean };
      if (document.active) this.#known.add(document.id);
      else this.#known.delete(document.id);
    }
  }

  #newParser(): EventStreamParser {
    return new EventStreamParser({ onEvent: (event) => this.#hear(event) });
  }

  /** Begins as a client without a cursor. Reads the list first, and then follows from the position in the list. */
  #askForList(): void {
    const { journal } = this.#world;
    this.#known = this.#truth();
    this.#lastEventId = journal.history.head === 0 ? "earliest" : journal.history.idAt(journal.history.head);
  }

  #truth(): Set<string> {
    const { form, isAbout } = this.#options;
    const ids = new Set<string>();
    for (const { document } of this.#world.presence.active.all()) {
      const { id } = form === "older" ? asOlder(document) : document;
      if (isAbout(id)) ids.add(id);
    }
    return ids;
  }
}

const nothingElse = {
  publish: [],
  mayPublish: false,
  expiresAtMs: undefined,
  issuer: undefined,
  subject: undefined,
  payloadFor: () => undefined,
};

export function subscriberNamed(name: string, ...texts: readonly string[]): Subscriber {
  return {
    id: idOf(name),
    matchers: texts.map((text) => ({ type: "exact", text })),
    payloadFor: () => undefined,
  };
}
