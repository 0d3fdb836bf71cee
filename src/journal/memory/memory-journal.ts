import type { Clock } from "../../base/clock.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { Journal, JournalFollower, PublicationGroup, Receipt } from "../journal.js";
import { MemoryHistory } from "./memory-history.js";
import type { MemoryHistoryOptions } from "./memory-history.js";

/** The journal in memory: the publications end with the hub. */
export class MemoryJournal implements Journal {
  readonly history: MemoryHistory;
  readonly #clock: Clock;

  constructor(options: MemoryHistoryOptions, history = new MemoryHistory(options)) {
    this.history = history;
    this.#clock = options.clock;
  }

  append(publication: Publication): Receipt {
    return this.history.take({ offset: this.history.head + 1, atMs: this.#clock.now(), publication });
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
