import type { Entry } from "../../../src/hub/publications/entry.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { isNothing } from "../../../src/hub/publications/history.js";
import type { LossReport, Losses } from "../../../src/hub/publications/history.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../../src/hub/publications/publication.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import type { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import { MemoryJournal } from "../../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import type { CounterName } from "../../../src/base/metrics.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const epoch = parseEpoch("test");
export const everything: Rights = {
  key: "all",
  readsPrivate: true,
  mayReadTopic: () => true,
  mayReadBelow: () => true,
};

/** Rights to read private publications with this topic. */
export function readerOf(topic: string): Rights {
  return {
    key: topic,
    readsPrivate: true,
    mayReadTopic: (other) => other === topic,
    mayReadBelow: () => true,
  };
}

export class Fixture {
  readonly clock = new VirtualClock();
  readonly counts = new Map<CounterName, number>();
  readonly journal: MemoryJournal;
  readonly followed: Entry[] = [];

  constructor(limits: Partial<HistoryLimits> = {}) {
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock: this.clock,
      metrics: {
        ...silentMetrics,
        count: (name, by = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + by),
      },
      limits: { ...defaultHistoryLimits, ...limits },
    });
    this.journal.follow({ apply: (entry) => this.followed.push(entry) });
  }

  publish(topics: string, more: Partial<PublicationInput> = {}): number {
    return this.journal.append(parsePublication({ topics: topics.split(" "), data: "x", ...more })).offset;
  }

  read(filters: string, after = 0, rights = publicOnly): number[] {
    const offsets: number[] = [];
    const range = this.#range(filters, after, rights);
    let looked = after;
    do
      looked = this.journal.history.read(
        { ...range, after: looked },
        (entry) => offsets.push(entry.offset) > 0,
      );
    while (looked < range.upTo);
    return offsets;
  }

  losses(
    filters: string,
    options: { after?: number; lossMark?: number; rights?: Rights } = {},
  ): (Losses & Pick<LossReport, "asOf" | "reason">) | undefined {
    const { after = 0, lossMark = 0, rights = publicOnly } = options;
    const { isComplete, ...report } = this.journal.history.losses(
      this.#range(filters, after, rights),
      lossMark,
    );
    if (!isComplete) throw new Error("so few topics are looked at in one go");
    return isNothing(report) ? undefined : report;
  }

  /** Searches all losses in several parts. */
  lookFor(filters: string, between?: () => void): { readonly parts: number; readonly topics: string[] } {
    const range = this.#range(filters, 0, publicOnly);
    const topics: string[] = [];
    for (let parts = 1, lossMark = 0; ; parts += 1) {
      const report = this.journal.history.losses(range, lossMark);
      topics.push(...report.topics.map(({ topic }) => topic));
      if (report.isComplete) return { parts, topics };
      lossMark = report.asOf;
      if (parts === 1) between?.();
    }
  }

  #range(filters: string, after: number, rights: Rights): Parameters<MemoryHistory["read"]>[0] {
    const parsed = filters.split(" ").map((text) => parseMqttFilter(text));
    return { filters: parsed, rights, after, upTo: this.journal.history.head };
  }
}
