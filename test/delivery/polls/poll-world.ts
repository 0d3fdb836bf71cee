import { pollFormat } from "../../../src/protocols/pharos/poll-format.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { Hub } from "../../../src/hub/hub.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../../src/hub/publications/publication.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import type { MemoryHistory, MemoryHistoryOptions } from "../../../src/journal/memory/memory-history.js";
import { MemoryJournal } from "../../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import type { Metrics, Repeated } from "../../../src/base/metrics.js";
import { Polls } from "../../../src/delivery/polls/polls.js";
import type { PollAnswer } from "../../../src/delivery/polls/polls.js";
import type { GapNotice } from "../../../src/protocol.js";
import { testEpoch } from "../fanout-world.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** One object of a response. */
export type Item =
  | {
      readonly kind: "event";
      readonly id: string;
      readonly topics: readonly string[];
      readonly data: string;
      readonly retained?: true;
    }
  | ({ readonly kind: "gap"; readonly id: string } & GapNotice);

export interface PollWorldOptions {
  /** @default the epoch */
  readonly run?: string;
  readonly history?: Partial<HistoryLimits>;
  /** @default a history with consecutive offsets */
  readonly createHistory?: (options: MemoryHistoryOptions) => MemoryHistory;
  /** @default 1 MiB */
  readonly pageBytes?: number;
}

export interface Asking {
  /** @default ["a"] */
  readonly filters?: readonly string[];
  readonly cursor?: string | undefined;
  /** @default none */
  readonly added?: readonly string[];
  /** @default 25,000 */
  readonly waitMs?: number;
  readonly rights?: Rights;
  /** Aborted when the poller disconnects. @default never */
  readonly signal?: AbortSignal;
}

/** A poll and its response. */
export class Poll {
  answer: PollAnswer | undefined;

  get items(): readonly Item[] {
    const body = this.answer?.page.body.toString() ?? "";
    return JSON.parse(`[${body.slice(0, -1)}]`) as readonly Item[];
  }

  /** The data of the poll's events; undefined while the poll waits. */
  get data(): readonly string[] | undefined {
    if (this.answer === undefined) return undefined;
    return this.items.map((item) => (item.kind === "event" ? item.data : "gap"));
  }
}

/** A journal, a hub and polls on one virtual clock. */
export class PollWorld {
  readonly clock = new VirtualClock();
  readonly journal: MemoryJournal;
  readonly hub: Hub;
  readonly polls: Polls;
  /** The values of `delivery_delay_seconds`. */
  readonly delays: (number | Repeated)[] = [];

  constructor({ history, run, createHistory, pageBytes = 1024 * 1024 }: PollWorldOptions = {}) {
    const { clock } = this;
    const limits = { ...defaultHistoryLimits, ...history };
    const options = { epochs: EpochChain.of(testEpoch), run, clock, metrics: silentMetrics, limits };
    this.journal = new MemoryJournal(options, createHistory?.(options));
    this.hub = new Hub({ history: this.journal.history, clock });
    this.journal.follow(this.hub);
    const { hub } = this;
    const metrics: Metrics = { ...silentMetrics, observe: (_name, value) => void this.delays.push(value) };
    this.polls = new Polls({
      hub,
      clock,
      metrics,
      limits: { roundBytes: pageBytes },
      pageCacheBytes: 1024 * 1024,
    });
  }

  publish(topic: string, data: string, more: Omit<PublicationInput, "topics" | "data"> = {}): number {
    return this.journal.append(parsePublication({ topics: [topic], data, ...more })).offset;
  }

  ask({
    filters = ["a"],
    cursor,
    added = [],
    waitMs = 25_000,
    rights = publicOnly,
    ...rest
  }: Asking = {}): Poll {
    const poll = new Poll();
    const news = added.map((text) => parseMqttFilter(text));
    const subscription = {
      format: pollFormat,
      filters: filters.map((text) => parseMqttFilter(text)),
      rights,
    };
    void this.polls.next({ subscription, cursor, added: news, waitMs, ...rest }).then((answer) => {
      poll.answer = answer;
    });
    return poll;
  }

  /** Ends this turn of the event loop, and waits until the responses have arrived. */
  async turn(): Promise<void> {
    this.clock.runEndOfTurn();
    await Promise.resolve();
    await Promise.resolve();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.turn();
  }
}
