import type { Entry } from "./entry.js";
import { EntryQueue } from "./entry-queue.js";
import type { TopicFilter } from "../filters/filter.js";
import { filterSetOf } from "../filters/filter-set.js";
import { StepBudget } from "../filters/step-budget.js";
import type { FilterSet } from "../filters/filter-set.js";
import type { Offset } from "./position.js";
import type { Topic } from "../topics/topic.js";

/** What a value costs that is looked at, beside what its filters do, in their steps. */
const lookSteps = 5;

/** Which values somebody wants: with offsets after one, up to and including another. */
export interface RetainedRange {
  readonly filters: readonly TopicFilter[];
  readonly after: Offset;
  readonly upTo: Offset;
}

/** The value of some topics, or what is left of it when they have others: its place alone, so that it holds no memory. */
interface Value {
  readonly offset: Offset;
  entry: Entry | undefined;
  topics: number;
}

/**
 * The present value of each topic that has one, in order of offset. Over its limit the oldest values go.
 */
export class RetainedValues {
  readonly #byTopic = new Map<Topic, Value>();
  /** Those without a topic are skipped, and dropped when they are most. */
  readonly #inOrder = new EntryQueue<Value>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param options.maxBytes what all values together may hold; a value counts once for each of its topics. */
  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a publication with `retain`: its topics' values become this one, or none when its data is empty. */
  apply(entry: Entry): void {
    for (const topic of entry.publication.topics) this.#remove(topic);
    if (entry.publication.data !== "") this.#add(entry);
    for (const topic of this.#byTopic.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(topic);
    }
    const { length } = this.#inOrder;
    if (length > 1024 && length > 2 * this.#byTopic.size)
      this.#inOrder.retainOnly((value) => value.entry !== undefined);
  }

  /**
   * Calls `visit` for each value that one of the filters matches, with an offset after `after` and up to `upTo`, each
   * once, in order of offset until it returns false. It looks at so many only that it takes milliseconds; exact filters
   * alone cost what they name, not what is retained.
   *
   * @returns the offset up to which it has looked, `upTo` or less; of no meaning when `visit` has returned false
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

  #add(entry: Entry): void {
    const { topics } = entry.publication;
    const value = { offset: entry.offset, entry, topics: topics.length };
    this.#inOrder.push(value);
    for (const topic of topics) this.#byTopic.set(topic, value);
    this.#bytes += topics.length * entry.bytes;
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
