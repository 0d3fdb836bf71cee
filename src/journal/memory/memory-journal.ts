import type { Clock } from "../../base/clock.js";
import type { Metrics } from "../../base/metrics.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import { countPublication } from "../count-publication.js";
import type { Journal, JournalFollower, PublicationGroup, Receipt } from "../journal.js";
import { MemoryHistory } from "./memory-history.js";
import type { MemoryHistoryOptions } from "./memory-history.js";

/** The journal in memory: the publications end with the hub. */
export class MemoryJournal implements Journal {
  readonly history: MemoryHistory;
  readonly #clock: Clock;
  readonly #metrics: Metrics;

  constructor(options: MemoryHistoryOptions, history = new MemoryHistory(options)) {
    this.history = history;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
  }

  append(publication: Publication): Receipt {
    const entry = this.history.take({ offset: this.history.head + 1, atMs: this.#clock.now(), publication });
    countPublication(this.#metrics, entry);
    return entry;
  }

  begin(): PublicationGroup {
    const receipts: Receipt[] = [];
    return {
      add: (publication) => void receipts.push(this.append(publication)),
      commit: () => receipts,
    };
  }

  follow(follower: JournalFollower): void {
    this.history.follow(follower);
  }

  evictAll(topic: Topic): void {
    this.history.evictAll(topic);
  }
}
