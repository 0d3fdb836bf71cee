import type { Entry } from "../../hub/publications/entry.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Topic } from "../../hub/topics/topic.js";

type Identified = Pick<Entry, "offset" | "publication">;

/**
 * The publishers' own ids of stored entries. The first entry with an id has the id in the whole hub. A later entry with
 * the same id has the id only in each of its topics.
 */
export class EventIds {
  readonly #most: number;
  readonly #first = new Map<string, Offset>();
  /** The first later entry of each topic, by id. */
  readonly #later = new Map<string, Map<Topic, Offset>>();
  #laterCount = 0;

  /** @param most the largest number of ids, and of later entries with an id; above it, the oldest are forgotten */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds an entry with an id of its own. False if another entry has the id already. */
  add(id: string, { offset, publication }: Identified): boolean {
    if (this.#first.has(id)) {
      this.#addLater(id, { offset, publication });
      return false;
    }
    this.#first.set(id, offset);
    const [oldest] = this.#first.keys();
    if (this.#first.size > this.#most && oldest !== undefined) this.#first.delete(oldest);
    return true;
  }

  /** Removes an entry that is no longer stored. */
  remove({ offset, publication: { id, topics } }: Identified): void {
    if (id === undefined) return;
    if (this.#first.get(id) === offset) this.#first.delete(id);
    const later = this.#later.get(id);
    if (later === undefined) return;
    for (const topic of topics) {
      if (later.get(topic) !== offset) continue;
      later.delete(topic);
      this.#laterCount -= 1;
    }
    if (later.size === 0) this.#later.delete(id);
  }

  /** The offset of the first entry with this id in the whole hub. */
  firstOffset(id: string): Offset | undefined {
    return this.#first.get(id);
  }

  /** The offset of the first later entry with this id in the topic. */
  laterOffset(id: string, topic: Topic): Offset | undefined {
    return this.#later.get(id)?.get(topic);
  }

  #addLater(id: string, { offset, publication: { topics } }: Identified): void {
    const later = this.#later.get(id) ?? new Map<Topic, Offset>();
    for (const topic of topics) {
      if (later.has(topic)) continue;
      later.set(topic, offset);
      this.#laterCount += 1;
    }
    this.#later.set(id, later);
    while (this.#laterCount > this.#most) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#later;
    if (oldest === undefined) return;
    const [id, later] = oldest;
    this.#laterCount -= later.size;
    this.#later.delete(id);
  }
}
