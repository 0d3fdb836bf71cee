import type { Topic } from "../../hub/topics/topic.js";
import type { TopicHistory } from "./topic-history.js";

/** The numbers of a topic in a snapshot. */
const numbersPerTopic = 4;

/**
 * The counts and newest offsets of topics at one moment, copied into one array of numbers: objects take ten times as
 * long.
 */
export class SavedTopics implements Iterable<object> {
  readonly #topics: Topic[] = [];
  readonly #numbers: Float64Array;

  /** @param most the largest number of topics */
  constructor(most: number) {
    this.#numbers = new Float64Array(most * numbersPerTopic);
  }

  add({ topic, published, newestOpen, newestPrivate }: TopicHistory): void {
    const at = this.#topics.push(topic) * numbersPerTopic - numbersPerTopic;
    this.#numbers[at] = published.open;
    this.#numbers[at + 1] = newestOpen;
    this.#numbers[at + 2] = published.private;
    this.#numbers[at + 3] = newestPrivate;
  }

  *[Symbol.iterator](): Generator<object, void> {
    for (const [index, topic] of this.#topics.entries()) {
      const at = index * numbersPerTopic;
      const [open, openAt, hidden, privateAt] = this.#numbers.subarray(at, at + numbersPerTopic);
      yield { topic, open, openAt, private: hidden, privateAt };
    }
  }
}
