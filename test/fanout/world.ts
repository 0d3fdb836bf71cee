import { Fanout } from "../../src/fanout/fanout.js";
import { LocalCohorts } from "../../src/fanout/local-cohorts.js";
import type { Joining } from "../../src/hub/cohort.js";
import { defaultFanoutLimits } from "../../src/fanout/limits.js";
import type { FanoutLimits } from "../../src/fanout/limits.js";
import type { Coding } from "../../src/hub/coding.js";
import { parseMqttFilter } from "../../src/hub/filter.js";
import { Hub } from "../../src/hub/hub.js";
import type { PressureLimits } from "../../src/hub/pending.js";
import { parseEpoch } from "../../src/hub/position.js";
import type { Epoch } from "../../src/hub/position.js";
import { parsePublication } from "../../src/hub/publication.js";
import type { PublicationInput } from "../../src/hub/publication.js";
import { publicOnly } from "../../src/hub/rights.js";
import type { Rights } from "../../src/hub/rights.js";
import { defaultHistoryLimits } from "../../src/journal/limits.js";
import type { HistoryLimits } from "../../src/journal/limits.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import type { CounterName, Metrics } from "../../src/metrics.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { FakeChannel, FakeClient } from "./fake-channel.js";
import type { Appetite, FakeChannelOptions } from "./fake-channel.js";
import { tinyFormat, tinyHead } from "./tiny-format.js";

export interface WorldOptions extends Partial<FakeChannelOptions> {
  readonly limits?: Partial<FanoutLimits>;
  readonly history?: Partial<HistoryLimits>;
  readonly pressure?: PressureLimits;
}

export interface ClientOptions {
  readonly name?: string;
  readonly appetite?: Appetite;
  readonly filters?: readonly string[];
  readonly lastEventId?: string;
  readonly rights?: Rights;
  readonly coding?: Coding;
  readonly expiresAtMs?: number;
  readonly opened?: () => () => void;
}

/** A journal, a hub and one fan-out over a fake channel, all on one virtual clock. */
export class World {
  readonly clock = new VirtualClock();
  readonly counts = new Map<CounterName, number>();
  readonly journal: MemoryJournal;
  readonly hub: Hub;
  readonly channel: FakeChannel;
  readonly fanout: Fanout<FakeClient, Joining>;
  #opened = 0;

  constructor(options: WorldOptions = {}) {
    const { clock } = this;
    const metrics: Metrics = {
      count: (name, by = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + by),
      gauge: () => undefined,
      observe: () => undefined,
    };
    const limits = { ...defaultHistoryLimits, ...options.history };
    this.journal = new MemoryJournal({ epoch: testEpoch, clock, metrics, limits });
    const { pressure } = options;
    this.hub = new Hub({ history: this.journal, clock, ...(pressure === undefined ? {} : { pressure }) });
    this.journal.follow((entry) => this.hub.apply(entry));
    this.channel = new FakeChannel({ pacing: "drain", ...options });
    this.fanout = new Fanout({
      front: "test",
      cohorts: new LocalCohorts({ name: "test", hub: this.hub }),
      channel: this.channel,
      clock,
      metrics,
      limits: { ...defaultFanoutLimits, ...options.limits },
    });
    this.channel.drained = (connection) => this.fanout.drained(connection);
  }

  /** Publishes and returns the offset. */
  publish(
    topic: string | readonly string[],
    data = "",
    more: Omit<PublicationInput, "topics" | "data"> = {},
  ): number {
    const topics = typeof topic === "string" ? [topic] : topic;
    return this.journal.append(parsePublication({ topics, data, ...more })).offset;
  }

  open(options: ClientOptions = {}): FakeClient {
    this.#opened += 1;
    const client = new FakeClient(options.name ?? `client ${this.#opened}`, options.appetite ?? "at-once");
    client.connection = this.fanout.open({
      handle: client,
      subscription: {
        format: tinyFormat,
        coding: options.coding,
        filters: (options.filters ?? ["news"]).map((text) => parseMqttFilter(text)),
        rights: options.rights ?? publicOnly,
      },
      lastEventId: options.lastEventId,
      head: tinyHead,
      expiresAtMs: options.expiresAtMs,
      ...(options.opened === undefined ? {} : { opened: options.opened }),
    });
    return client;
  }

  /** The client goes away by itself. */
  leave(client: FakeClient): void {
    this.channel.forget(client);
    if (client.connection !== undefined) this.fanout.closed(client.connection);
  }

  /** Ends this turn of the event loop. */
  turn(): void {
    this.clock.runEndOfTurn();
  }

  /** The client takes what it was sent and the turn ends. */
  drain(...clients: readonly FakeClient[]): void {
    for (const client of clients) this.channel.drain(client);
    this.turn();
  }

  isMember(client: FakeClient): boolean {
    return client.connection?.state === "member";
  }

  counted(name: CounterName): number {
    return this.counts.get(name) ?? 0;
  }
}

export const testEpoch: Epoch = epoch("test");

/** The event id of an offset. */
export function at(offset: number): string {
  return `#${testEpoch}:${offset}`;
}

function epoch(text: string): Epoch {
  const parsed = parseEpoch(text);
  if (parsed === undefined) throw new Error(`${text} is no epoch`);
  return parsed;
}
