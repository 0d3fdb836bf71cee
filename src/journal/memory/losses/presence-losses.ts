import type { LossMark } from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Topic } from "../../../hub/topics/topic.js";
import { joinLosses } from "./topic-losses.js";
import type { Evictions, LossReader, LossRecord, LostEntry, TopicLosses } from "./topic-losses.js";

/**
 * The losses of all presence topics, which share one history. There are too many topics for separate records. So a
 * reader that may read any topic of presence learns only that publications are lost, without topics and numbers.
 */
export class PresenceLosses implements LossRecord {
  readonly topic: Topic;
  #all: Evictions | undefined;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  add({ offset }: LostEntry, at: LossMark): void {
    this.#all = joinLosses(this.#all, { count: 1, upTo: offset, at });
  }

  after(): readonly Evictions[] {
    return [];
  }

  mayHaveMissed(offset: Offset, { rights, lossMark }: LossReader): boolean {
    const all = this.#all;
    return all !== undefined && all.upTo > offset && all.at > lossMark && rights.mayReadBelow(this.topic);
  }

  addTo(other: TopicLosses, at: LossMark): void {
    if (this.#all !== undefined) other.addMixed({ ...this.#all, at });
  }
}
