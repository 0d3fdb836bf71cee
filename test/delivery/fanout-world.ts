import { admitStream } from "../../src/delivery/joining/admitted-stream.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import type { JoiningStream } from "../../src/delivery/joining/admitted-stream.js";
import { Fanout } from "../../src/delivery/fanout.js";
import type { FanoutOptions, StreamOpening } from "../../src/delivery/fanout.js";
import { LocalTicket } from "../../src/delivery/joining/local-ticket.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import type { Joining } from "../../src/hub/cohort.js";
import { defaultFanoutLimits } from "../../src/limits/fanout.js";
import type { FanoutLimits } from "../../src/limits/fanout.js";
import type { Coding } from "../../src/hub/publications/content-coding.js";
import { parseMqttFilter } from "../../src/hub/filters/filter.js";
import { Hub } from "../../src/hub/hub.js";
import type { PressureLimits } from "../../src/hub/backpressure.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import type { Epoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import type { Rights } from "../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import type { HistoryLimits } from "../../src/limits/history.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import type { MemoryHistory, MemoryHistoryOptions } from "../../src/journal/memory/memory-history.js";
import type { CounterName, Metrics, Repeated } from "../../src/base/metrics.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { FakeChannel, FakeClient } from "./fake-channel.js";
import type { Appetite, FakeChannelOptions } from "./fake-channel.js";
import { RemoteTicket } from "../../src/workers/worker/remote-ticket.js";
import type { Format } from "../../src/hub/publications/format.js";
import { tinyFormat, tinyHead } from "./tiny-format.js";
import { WorkerWay } from "./worker-way.js";
import type { WayStream } from "./worker-way.js";

export interface WorldOptions extends Partial<FakeChannelOptions> {
  /** True if the fan-out is in a worker. Then messages arrive with {@link World.carry}. @default false */
  readonly worker?: boolean;
  readonly limits?: Partial<FanoutLimits>;
  readonly history?: Partial<HistoryLimits>;
  readonly pressure?: PressureLimits;
  /** @default a history in memory alone */
  readonly createHistory?: (options: MemoryHistoryOptions) => MemoryHistory;
}

export interface ClientOptions {
  readonly name?: string;
  readonly appetite?: Appetite;
  readonly filters?: readonly string[];
  readonly lastEventId?: string;
  readonly rights?: Rights;
  readonly coding?: Coding;
  /** @default tinyFormat */
  readonly format?: Format;
  readonly expiresAtMs?: number;
  readonly opened?: () => () => void;
}

/** The new filters of a client, and which of these filters are added. */
export interface FilterChange {
  readonly filters: readonly string[];
  readonly added: readonly string[];
}

interface Opening extends StreamOpening<FakeClient>, Omit<JoiningStream, "ticket"> {}

type Open = (client: FakeClient, joining: Joining, opening: Opening) => void;

/**
 * The fan-out calls `moved` when the stream has moved. In a worker, the stream moves when the message arrives. If the
 * client has disconnected, the fan-out does not call `moved`.
 */
type Move = (client: FakeClient, joining: Joining, moved: () => void) => void;

interface FanoutWorld {
  readonly fanout: Fanout<FakeClient>;
  readonly open: Open;
  readonly move: Move;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

type FanoutParts = Omit<FanoutOptions<FakeClient>, "cohorts">;

/** A journal, a hub and one fan-out over a fake channel, all on one virtual clock. */
export class World {
  readonly clock = new VirtualClock();
  readonly counts = new Map<CounterName, number>();
  /** The values of `delivery_delay_seconds`. */
  readonly delays: (number | Repeated)[] = [];
  readonly journal: MemoryJournal;
  readonly hub: Hub;
  readonly channel: FakeChannel;
  readonly fanout: Fanout<FakeClient>;
  /** The limits of the fan-out. A test changes them as a reload does. */
  readonly limits: Mutable<FanoutLimits>;
  /** The connection to the worker that runs the fan-out; undefined without a worker. */
  readonly way: WorkerWay | undefined;
  readonly #open: Open;
  readonly #move: Move;
  #opened = 0;

  constructor(options: WorldOptions = {}) {
    const { clock } = this;
    const metrics: Metrics = {
      count: (name, by = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + by),
      gauge: () => undefined,
      observe: (name, value) => {
        if (name === "delivery_delay_seconds") this.delays.push(value);
      },
      merge: () => undefined,
    };
    const past = { ...defaultHistoryLimits, ...options.history };
    const journalOptions = { epochs: EpochChain.of(testEpoch), clock, metrics, limits: past };
    this.journal = new MemoryJournal(journalOptions, options.createHistory?.(journalOptions));
    const { pressure } = options;
    this.hub = new Hub({
      history: this.journal.history,
      clock,
      ...(pressure === undefined ? {} : { pressure }),
    });
    this.journal.follow(this.hub);
    this.channel = new FakeChannel({ pacing: "drain", ...options });
    this.limits = { ...defaultFanoutLimits, ...options.limits };
    const parts = { front: "test", channel: this.channel, clock, metrics, limits: this.limits };
    if (options.worker === true) this.way = new WorkerWay({ hub: this.hub, clock, ...this.limits });
    const { fanout, open, move } =
      this.way === undefined ? this.#local(parts) : this.#remote(parts, this.way);
    this.fanout = fanout;
    this.#open = open;
    this.#move = move;
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
    const joining: Joining = {
      subscription: {
        format: options.format ?? tinyFormat,
        coding: options.coding,
        filters: (options.filters ?? ["news"]).map((text) => parseMqttFilter(text)),
        rights: options.rights ?? publicOnly,
      },
      lastEventId: options.lastEventId,
    };
    const { expiresAtMs, opened } = options;
    this.#open(client, joining, {
      handle: client,
      head: tinyHead,
      expiresAtMs,
      ...(opened === undefined ? {} : { opened }),
    });
    return client;
  }

  /** Changes the client's filters. `moved` gets the offset from which on the new filters are in effect. */
  move(client: FakeClient, change: FilterChange, moved: (from: number) => void = () => undefined): void {
    const filters = change.filters.map((text) => parseMqttFilter(text));
    const added = filters.filter(({ text }) => change.added.includes(text));
    const subscription = { format: tinyFormat, coding: undefined, filters, rights: publicOnly };
    this.#move(client, { subscription, lastEventId: undefined, added }, () => {
      const read = client.connection?.read;
      if (read?.kind === "opening") moved(read.from);
    });
  }

  /** The client disconnects. */
  leave(client: FakeClient): void {
    this.channel.forget(client);
    client.isGone = true;
    if (client.connection !== undefined) this.fanout.closed(client.connection);
  }

  /** Ends this turn of the event loop. */
  turn(): void {
    this.clock.runEndOfTurn();
  }

  /** These clients receive all written bytes, and the turn ends. */
  drain(...clients: readonly FakeClient[]): void {
    for (const client of clients) this.channel.drain(client);
    this.turn();
  }

  /** Delivers the messages between hub and worker. */
  carry(): void {
    this.way?.carry();
  }

  /** Stops all timers. */
  close(): void {
    this.fanout.close();
    this.way?.close();
  }

  isMember(client: FakeClient): boolean {
    return client.connection?.state === "member";
  }

  counted(name: CounterName): number {
    return this.counts.get(name) ?? 0;
  }

  #local(parts: FanoutParts): FanoutWorld {
    const fanout = new Fanout({ ...parts, cohorts: new LocalCohorts({ name: "test", hub: this.hub }) });
    return {
      fanout,
      open: (client, joining, opening) => {
        client.connection = fanout.open(
          admitStream({ ...opening, ticket: new LocalTicket(joining) }),
          opening,
        );
      },
      move: (client, joining, moved) => {
        if (client.connection === undefined || client.outcome !== "open") return;
        fanout.reply(client.connection, { answer: tinyHead, moved: new LocalTicket(joining) });
        moved();
      },
    };
  }

  #remote(parts: FanoutParts, way: WorkerWay): FanoutWorld {
    const fanout = new Fanout({ ...parts, cohorts: way.cohorts });
    const streams = new Map<FakeClient, WayStream>();
    return {
      fanout,
      open: (client, joining, opening) => {
        const stream = way.join(joining, (place) => {
          if (client.isGone) {
            way.cohorts.abandon(place);
            stream.ended();
          } else {
            const ticket = new RemoteTicket(place);
            const { expiresAtMs } = opening;
            const opened = () => () => stream.ended();
            client.connection = fanout.open(admitStream({ ticket, expiresAtMs, opened }), opening);
          }
        });
        streams.set(client, stream);
      },
      move: (client, joining, moved) => {
        streams.get(client)?.move(joining, (place) => {
          if (client.connection === undefined || client.outcome !== "open") {
            if (place !== undefined) way.cohorts.abandon(place);
            return;
          }
          fanout.reply(client.connection, { answer: tinyHead, moved: place && new RemoteTicket(place) });
          moved();
        });
      },
    };
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
