import { copyInSteps } from "../../base/turn-budget.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SavedItems, SnapshotPart } from "../snapshot-part.js";

/** An entry with an id of its own. */
export interface Identified {
  readonly offset: Offset;
  readonly publication: Pick<Publication, "id" | "topics" | "private">;
  /** True if the entry is no longer in memory. @default false */
  readonly isEvicted?: boolean;
}

/**
 * The share of the ids that {@link EventIds} forgets together above its limit. A Map finds its oldest key behind the slots of
 * all keys that were removed since its last growth: one by one, each publication cost 30 µs more with 60,000 ids.
 */
const forgottenShare = 0.01;

/**
 * The publishers' own ids of stored entries. The first entry with an id has the id in the whole hub. A later entry with
 * the same id has the id only in each of its topics.
 */
export class EventIds implements SnapshotPart {
  readonly name = "ids";
  readonly #most: number;
  readonly #kept: number;
  readonly #first = new Map<string, Identified>();
  /** The first later entry of each topic, by id. */
  readonly #later = new Map<string, Map<Topic, Identified>>();
  #laterCount = 0;

  /** @param most the largest number of ids, and of later entries with an id; above it, the oldest are forgotten */
  constructor(most: number) {
    this.#most = most;
    this.#kept = most - Math.floor(most * forgottenShare);
  }

  has(id: string): boolean {
    return this.#first.has(id);
  }

  /** Adds an entry with an id of its own, which belongs to the entry in the whole hub unless another entry has it. */
  add(id: string, entry: Identified): void {
    if (this.#first.has(id)) {
      this.addLater(id, entry);
      return;
    }
    this.#first.set(id, entry);
    if (this.#first.size > this.#most) this.#forgetFirst();
  }

  /** Adds an entry with an id of its own, which belongs to an earlier entry. */
  addLater(id: string, entry: Identified): void {
    for (const topic of entry.publication.topics) this.#addLaterTo(topic, id, entry);
    if (this.#laterCount > this.#most) this.#forgetLaterOnes();
  }

  /** Remembers the id of an entry that leaves the memory, but not the content of the entry. */
  evict({ offset, publication: { id, topics, private: isPrivate } }: Identified): void {
    if (id === undefined) return;
    const evicted = { offset, publication: { id, topics, private: isPrivate }, isEvicted: true };
    if (this.#first.get(id)?.offset === offset) this.#first.set(id, evicted);
    const later = this.#later.get(id);
    for (const topic of topics) if (later?.get(topic)?.offset === offset) later.set(topic, evicted);
  }

  /** Forgets the ids of evicted entries before this offset. */
  dropBefore(offset: Offset): void {
    const isDropped = (entry: Identified): boolean => entry.isEvicted === true && entry.offset < offset;
    for (const [id, entry] of this.#first) {
      if (entry.offset >= offset) break;
      if (isDropped(entry)) this.#first.delete(id);
    }
    for (const [id, later] of this.#later)
      for (const [topic, entry] of later) if (isDropped(entry)) this.#forgetLater(id, topic);
  }

  /** Removes an entry that is no longer stored. */
  remove({ offset, publication: { id, topics } }: Identified): void {
    if (id === undefined) return;
    if (this.#first.get(id)?.offset === offset) this.#first.delete(id);
    const later = this.#later.get(id);
    for (const topic of topics) if (later?.get(topic)?.offset === offset) this.#forgetLater(id, topic);
  }

  /** The first entry with this id in the whole hub. */
  first(id: string): Identified | undefined {
    return this.#first.get(id);
  }

  /** The first entry with this id in the whole hub if it is in the topic, and the first later entry in the topic. */
  inTopic(id: string, topic: Topic): readonly Identified[] {
    const first = this.#first.get(id);
    const later = this.#later.get(id)?.get(topic);
    const isIn = first?.publication.topics.includes(topic) === true;
    return [...(isIn ? [first] : []), ...(later === undefined ? [] : [later])];
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, Iterable<unknown>> {
    const first: Identified[] = [];
    yield* copyInSteps(this.#first.values(), (entry) => void first.push(entry));
    const later: (readonly [Topic, Identified])[] = [];
    yield* copyInSteps(this.#laterOnes(), (each) => void later.push(each));
    return itemsOf(first, later);
  }

  *#laterOnes(): Generator<readonly [Topic, Identified], void> {
    for (const byTopic of this.#later.values()) yield* byTopic;
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    const id = fields.text("id");
    const publication = {
      id,
      topics: fields.topics("topics"),
      private: fields.flag("private"),
    };
    const entry = { offset: fields.count("at"), publication, isEvicted: true };
    if (fields.has("in")) this.#addLaterTo(fields.topic("in"), id, entry);
    else this.#first.set(id, entry);
  }

  #addLaterTo(topic: Topic, id: string, entry: Identified): void {
    const later = this.#later.get(id) ?? new Map<Topic, Identified>();
    if (later.has(topic)) return;
    this.#laterCount += 1;
    this.#later.set(id, later.set(topic, entry));
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

function* itemsOf(
  first: readonly Identified[],
  later: readonly (readonly [Topic, Identified])[],
): Generator<unknown, void> {
  for (const entry of first) yield itemOf(entry);
  for (const [topic, entry] of later) yield { ...itemOf(entry), in: topic };
}

function itemOf({ offset, publication: { id, topics, private: isPrivate } }: Identified): object {
  return { id, at: offset, topics, private: isPrivate };
}
