import type { Entry } from "../../src/hub/publications/entry.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import type { MemoryJournalOptions } from "../../src/journal/memory/memory-journal.js";
import type { Journal, JournalFollower, Receipt } from "../../src/journal/journal.js";
import type { NewestRange } from "../../src/journal/topic-history-reader.js";
import type { Topic } from "../../src/hub/topics/topic.js";

/** A journal that stores when the test calls `store`. A journal on disk stores in the same way, after a sync. */
export class LaterJournal implements Journal {
  readonly #memory: MemoryJournal;
  #waiting: (() => void)[] = [];

  constructor(options: MemoryJournalOptions) {
    this.#memory = new MemoryJournal(options);
  }

  /** The number of calls that are not stored yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Stores all waiting calls, in order. */
  store(): void {
    for (const action of this.#waiting.splice(0)) action();
  }

  append(publication: Publication): Promise<Receipt> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.#memory.append(publication))));
  }

  evictAll(topic: Topic): void {
    this.#waiting.push(() => this.#memory.evictAll(topic));
  }

  follow(follower: JournalFollower): void {
    this.#memory.follow(follower);
  }

  get head(): number {
    return this.#memory.head;
  }

  get bytes(): number {
    return this.#memory.bytes;
  }

  get topicCount(): number {
    return this.#memory.topicCount;
  }

  newest(topic: Topic, wanted: NewestRange): readonly Entry[] {
    return this.#memory.newest(topic, wanted);
  }

  countsOf: Journal["countsOf"] = (topic, rights) => this.#memory.countsOf(topic, rights);
  locateIn: Journal["locateIn"] = (topics, id, rights) => this.#memory.locateIn(topics, id, rights);
  topicNames = () => this.#memory.topicNames();
  idAt = (offset: number) => this.#memory.idAt(offset);
  locate: Journal["locate"] = (eventId, rights) => this.#memory.locate(eventId, rights);
  losses: Journal["losses"] = (range, lossMark) => this.#memory.losses(range, lossMark);
  holds: Journal["holds"] = (topic, offset) => this.#memory.holds(topic, offset);
  read: Journal["read"] = (range, visit) => this.#memory.read(range, visit);
}
