import type { Entry } from "../../hub/publications/entry.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Topic } from "../../hub/topics/topic.js";

type Identified = Pick<Entry, "offset" | "publication">;

/**
 * The share of the ids that {@link EventIds} forgets together above its limit. A Map finds its oldest key behind the slots of
 * all keys that were removed since its last growth: one by one, each publication cost 30 µs more with 60,000 ids.
 */
const forgottenShare = 0.01;

/**
 * The publishers' own ids of stored entries. The first entry with an id has the id in the whole hub. A later entry with
 * the same id has the id only in each of its topics.
 */
export class EventIds {
  readonly #most: number;
  readonly #kept: number;
  readonly #first = new Map<string, Offset>();
  /** The first later entry of each topic, by id. */
  readonly #later = new Map<string, Map<Topic, Offset>>();
  #laterCount = 0;

  /** @param most the largest number of ids, and of later entries with an id; above it, the oldest are forgotten */
  constructor(most: number) {
    this.#most = most;
    this.#kept = most - Math.floor(most * forgottenShare);
  }

  /** Adds an entry with an id of its own. False if another entry has the id already. */
  add(id: string, { offset, publication }: Identified): boolean {
    if (this.#first.has(id)) {
      this.#addLater(id, { offset, publication });
      return false;
    }
    this.#first.set(id, offset);
    if (this.#first.size > this.#most) this.#forgetFirst();
    return true;
  }

  /** Removes an entry that is no longer stored. */
  remove({ offset, publication: { id, topics } }: Identified): void {
    if (id === undefined) return;
    if (this.#first.get(id) === offset) this.#first.delete(id);
    const later = this.#later.get(id);
    for (const topic of topics) if (later?.get(topic) === offset) this.#forgetLater(id, topic);
  }

  /** The offset of the first entry with this id in the whole hub. */
  firstOffset(id: string): Offset | undefined {
    return this.#first.get(id);
  }

  /** The offsets of the first entry with this id in the whole hub, and of the first later entry in the topic. */
  offsets(id: string, topic: Topic): readonly Offset[] {
    return [this.#first.get(id), this.#later.get(id)?.get(topic)].filter((offset) => offset !== undefined);
  }

  #addLater(id: string, { offset, publication: { topics } }: Identified): void {
    const later = this.#later.get(id) ?? new Map<Topic, Offset>();
    for (const topic of topics) {
      if (later.has(topic)) continue;
      later.set(topic, offset);
      this.#laterCount += 1;
    }
    this.#later.set(id, later);
    if (this.#laterCount > this.#most) this.#forgetLaterOnes();
  }

  #forgetFirst(): void {
    for (const id of this.#first.keys()) {
      if (this.#first.size <= this.#kept) return;
      this.#first.delete(id);
    }
  }

  #forgetLaterOnes(): void {
    for (const [id, later] of this.#later)
      for (const topic of later.keys()) {
        if (this.#laterCount <= this.#kept) return;
        this.#forgetLater(id, topic);
      }
  }

  #forgetLater(id: string, topic: Topic): void {
    const later = this.#later.get(id);
    if (later?.delete(topic) !== true) return;
    this.#laterCount -= 1;
    if (later.size === 0) this.#later.delete(id);
  }
}
