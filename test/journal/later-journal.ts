import type { Publication } from "../../src/hub/publications/publication.js";
import type { Topic } from "../../src/hub/topics/topic.js";
import type { Journal, JournalFollower, PublicationGroup, Receipt } from "../../src/journal/journal.js";
import type { SnapshotPart } from "../../src/journal/snapshot-part.js";
import type { MemoryHistory, MemoryHistoryOptions } from "../../src/journal/memory/memory-history.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";

/** A journal that stores when the test calls `store`. A journal on disk stores in the same way, after a sync. */
export class LaterJournal implements Pick<
  Journal,
  "history" | "append" | "begin" | "evictAll" | "note" | "keep" | "follow" | "roomOnceUp"
> {
  readonly #memory: MemoryJournal;
  #waiting: (() => void)[] = [];

  constructor(options: MemoryHistoryOptions) {
    this.#memory = new MemoryJournal(options);
  }

  get history(): MemoryHistory {
    return this.#memory.history;
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

  begin(): PublicationGroup {
    const publications: Publication[] = [];
    return {
      add: (publication) => void publications.push(publication),
      commit: () => this.#commit(publications),
    };
  }

  #commit(publications: readonly Publication[]): Promise<readonly string[]> {
    const store = (): readonly string[] =>
      publications.map((publication) => this.#memory.append(publication).id);
    return new Promise((resolve) => this.#waiting.push(() => resolve(store())));
  }

  roomOnceUp(): undefined {}

  evictAll(topic: Topic): void {
    this.#waiting.push(() => this.#memory.evictAll(topic));
  }

  keep(part: SnapshotPart): void {
    this.#memory.keep(part);
  }

  note(part: string, value: unknown): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.#memory.note(part, value))));
  }

  follow(follower: JournalFollower): void {
    this.#memory.follow(follower);
  }
}
