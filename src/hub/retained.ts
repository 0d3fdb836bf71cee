import type { Entry } from "./entry.js";
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

  /** The values with an offset after `after` and up to `upTo`, each once, in order of offset. */
  *between(after: Offset, upTo: Offset): Generator<Entry, void> {
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
