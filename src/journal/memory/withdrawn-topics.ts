import type { Offset } from "../../hub/publications/position.js";
import type { Topic } from "../../hub/topics/topic.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SnapshotPart } from "../snapshot-part.js";

/**
 * The topics that were evicted as a whole, each up to an offset. No reader gets these publications any more, although a
 * log may still have them. There are few such topics: the topic of presence.
 */
export class WithdrawnTopics implements SnapshotPart {
  readonly name = "withdrawn";
  readonly #nameOf: (topic: Topic) => Topic;
  readonly #upTo = new Map<Topic, Offset>();
  #count = 0;

  /** @param nameOf the name of the history that holds a topic: histories are withdrawn, with all their topics */
  constructor(nameOf: (topic: Topic) => Topic) {
    this.#nameOf = nameOf;
  }

  /** The number of {@link add} calls. A reader that has noted the number sees whether there were more since. */
  get count(): number {
    return this.#count;
  }

  add(name: Topic, upTo: Offset): void {
    this.#count += 1;
    this.#upTo.set(name, Math.max(upTo, this.upTo(name)));
  }

  has(topic: Topic, offset: Offset): boolean {
    return offset <= this.upTo(this.#nameOf(topic));
  }

  /** The last withdrawn offset of a history; 0 if there is none. */
  upTo(name: Topic): Offset {
    return this.#upTo.get(name) ?? 0;
  }

  /** The names of the histories that were withdrawn after this offset. */
  after(offset: Offset): readonly Topic[] {
    return [...this.#upTo].filter(([, upTo]) => upTo > offset).map(([name]) => name);
  }

  save(): Iterable<unknown> {
    return [...this.#upTo].map(([topic, upTo]) => ({ topic, upTo }));
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.add(fields.topic("topic"), fields.count("upTo"));
  }
}
