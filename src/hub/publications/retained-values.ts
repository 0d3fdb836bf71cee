import { copyInSteps } from "../../base/turn-budget.js";
import type { DeletedRange } from "./deletion.js";
import type { Entry } from "./entry.js";
import type { RetainedLimits } from "../../limits/history.js";
import { Expiries } from "./expiries.js";
import { EntryQueue } from "./entry-queue.js";
import type { TopicFilter } from "../filters/filter.js";
import { filterSetOf } from "../filters/filter-set.js";
import { StepBudget } from "../filters/step-budget.js";
import type { FilterSet } from "../filters/filter-set.js";
import type { Offset } from "./position.js";
import type { Topic } from "../topics/topic.js";

/** The cost of reading one value, without matching, in the steps of a filter set. */
const lookSteps = 5;

/** A range of values to read: the offsets after `after`, up to and including `upTo`. */
export interface RetainedRange {
  readonly filters: readonly TopicFilter[];
  readonly after: Offset;
  readonly upTo: Offset;
}

/**
 * The value of one or more topics. When all topics of a value have newer values, the queue keeps only the offset of
 * the value.
 */
interface Value {
  readonly offset: Offset;
  entry: Entry | undefined;
  topics: number;
}

/** A value, and the topics whose value it is. */
export interface RetainedValue {
  readonly entry: Entry;
  readonly topics: readonly Topic[];
}

/**
 * The retained value of each topic that has one, in order of offset. Above the limit, the oldest values are removed.
 */
export class RetainedValues {
  readonly #byTopic = new Map<Topic, Value>();
  /**
   * All values in order of offset. Reads skip the values without topics. The queue removes these values once they are
   * the majority.
   */
  readonly #inOrder = new EntryQueue<Value>();
  readonly #limits: RetainedLimits;
  readonly #expiries = new Expiries((entry) => this.#topicsOf(entry).length > 0);
  #bytes = 0;

  /** @param limits for all values together; a value counts once for each of its topics. Read at each use */
  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Stores a publication with `retain` as the value of its topics. Empty data removes the value of the topics. */
  apply(entry: Entry): void {
    const { topics, data } = entry.publication;
    for (const topic of topics) this.#remove(topic);
    if (data !== "") this.restore({ entry, topics });
    for (const topic of this.#byTopic.keys()) {
      if (this.#bytes <= this.#limits.bytes) break;
      this.#remove(topic);
    }
    const { length } = this.#inOrder;
    if (length > 1024 && length > 2 * this.#byTopic.size)
      this.#inOrder.retainOnly((value) => value.entry !== undefined);
  }

  has(topic: Topic): boolean {
    return this.#byTopic.has(topic);
  }

  /** The present value of a topic. */
  valueOf(topic: Topic): Entry | undefined {
    return this.#byTopic.get(topic)?.entry;
  }

  /** Removes the value of a topic if its publication is in the range. Returns false if there is no such value. */
  delete({ topic, from, upTo }: DeletedRange): boolean {
    const offset = this.#byTopic.get(topic)?.offset ?? -1;
    if (offset < from || offset > upTo) return false;
    this.#remove(topic);
    return true;
  }

  /** The number of values that have expired. */
  get expirations(): number {
    return this.#expiries.count;
  }

  /** Removes the values that have expired at this time. Returns the newest offset of them; 0 if there are none. */
  expire(nowMs: number): Offset {
    for (const entry of this.#expiries.takeDue(nowMs))
      for (const topic of this.#topicsOf(entry)) this.#remove(topic);
    return this.#expiries.takeNewest();
  }

  /** Adds a value that {@link all} has given, after all older values. */
  restore({ entry, topics }: RetainedValue): void {
    const value = { offset: entry.offset, entry, topics: topics.length };
    this.#inOrder.push(value);
    for (const topic of topics) this.#byTopic.set(topic, value);
    this.#bytes += topics.length * entry.bytes;
    this.#expiries.add(entry);
  }

  /**
   * Copies all values in steps of less than a millisecond. Call {@link apply} only before or after all steps.
   *
   * @returns the values in order of offset; they may be read later
   */
  *all(): Generator<undefined, Iterable<RetainedValue>> {
    const topics: Topic[] = [];
    const entries: (Entry | undefined)[] = [];
    yield* copyInSteps(this.#byTopic, ([topic, { entry }]) => {
      topics.push(topic);
      entries.push(entry);
    });
    return joined(topics, entries);
  }

  /**
   * Calls `visit` once for each value of the range that a filter matches, in order of offset, until `visit` returns
   * false. The read ends early when it has used a few milliseconds. If all filters are exact, the cost depends on the
   * number of filters, not on the number of values.
   *
   * @returns the offset up to which the values were read, at most `upTo`; meaningless if `visit` returned false
   */
  read(range: RetainedRange, visit: (entry: Entry) => boolean): Offset {
    if (range.filters.every(({ kind }) => kind === "exact")) {
      this.#named(range).every(visit);
      return range.upTo;
    }
    const set = filterSetOf(range.filters);
    const budget = new StepBudget(set);
    for (let index = this.#inOrder.indexAfter(range.after); ; index += 1) {
      const value = this.#inOrder.at(index);
      if (value === undefined || value.offset > range.upTo) return range.upTo;
      if (budget.isUsedUp()) return value.offset - 1;
      budget.spend(lookSteps);
      if (value.entry !== undefined && isFor(set, value.entry) && !visit(value.entry)) return value.offset;
    }
  }

  #named({ filters, after, upTo }: RetainedRange): readonly Entry[] {
    const entries = new Set<Entry>();
    for (const filter of filters) {
      const entry = filter.kind === "exact" ? this.#byTopic.get(filter.topic)?.entry : undefined;
      if (entry !== undefined && entry.offset > after && entry.offset <= upTo) entries.add(entry);
    }
    return [...entries].sort((a, b) => a.offset - b.offset);
  }

  /** The topics whose value is this entry. */
  #topicsOf(entry: Entry): readonly Topic[] {
    return entry.publication.topics.filter((topic) => this.#byTopic.get(topic)?.entry === entry);
  }

  #remove(topic: Topic): void {
    const value = this.#byTopic.get(topic);
    if (value === undefined) return;
    this.#byTopic.delete(topic);
    this.#bytes -= value.entry?.bytes ?? 0;
    value.topics -= 1;
    if (value.topics === 0) value.entry = undefined;
  }
}

function isFor(set: FilterSet, { publication }: Entry): boolean {
  return publication.topics.some((topic) => set.matches(topic));
}

/** Joins the neighbours with the same entry: the topics of a value lie together. */
function* joined(
  topics: readonly Topic[],
  entries: readonly (Entry | undefined)[],
): Generator<RetainedValue, void> {
  for (let from = 0, index = 1; index <= topics.length; index += 1) {
    const entry = entries[from];
    if (entries[index] === entry && index < topics.length) continue;
    if (entry !== undefined) yield { entry, topics: topics.slice(from, index) };
    from = index;
  }
}
