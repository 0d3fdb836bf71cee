import type { Entry } from "./entry.js";
import type { TopicFilter } from "./filter.js";
import type { Offset } from "./position.js";
import type { Topic } from "./topic.js";

/**
 * The present value of each topic that has one, in order of offset. Over its limit the oldest values go.
 */
export class RetainedValues {
  readonly #byTopic = new Map<Topic, Entry>();
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
    for (const topic of entry.publication.topics) {
      this.#remove(topic);
      if (entry.publication.data === "") continue;
      this.#byTopic.set(topic, entry);
      this.#bytes += entry.bytes;
    }
    for (const topic of this.#byTopic.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#remove(topic);
    }
  }

  /**
   * The values that these filters may match, with an offset after `after` and up to `upTo`, each once, in order of
   * offset. Exact filters alone cost what they name, not what is retained.
   */
  candidates(filters: readonly TopicFilter[], after: Offset, upTo: Offset): Iterable<Entry> {
    const exact = filters.flatMap((filter) => (filter.kind === "exact" ? [filter.topic] : []));
    return exact.length === filters.length ? this.#named(exact, after, upTo) : this.#all(after, upTo);
  }

  #named(topics: readonly Topic[], after: Offset, upTo: Offset): readonly Entry[] {
    const entries = new Set<Entry>();
    for (const topic of topics) {
      const entry = this.#byTopic.get(topic);
      if (entry !== undefined && entry.offset > after && entry.offset <= upTo) entries.add(entry);
    }
    return [...entries].sort((a, b) => a.offset - b.offset);
  }

  *#all(after: Offset, upTo: Offset): Generator<Entry, void> {
    let last: Entry | undefined;
    for (const entry of this.#byTopic.values()) {
      if (entry.offset > upTo) return;
      if (entry.offset > after && entry !== last) yield entry;
      last = entry;
    }
  }

  #remove(topic: Topic): void {
    const entry = this.#byTopic.get(topic);
    if (entry === undefined) return;
    this.#byTopic.delete(topic);
    this.#bytes -= entry.bytes;
  }
}
