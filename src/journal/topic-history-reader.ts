import type { Entry } from "../hub/publications/entry.js";
import type { History } from "../hub/publications/history.js";
import type { Rights } from "../hub/publications/rights.js";
import type { Topic } from "../hub/topics/topic.js";

/** A selection of a topic's newest publications. */
export interface NewestRange {
  /** The largest number of publications. */
  readonly count: number;
  /** The largest size of all publications together, in bytes; one publication may be larger. */
  readonly maxBytes: number;
  readonly rights: Rights;
}

/** The number of publications to a topic. */
export interface TopicCounts {
  /** Publications since the topic became known. */
  readonly published: number;
  /** The number of these publications that are still stored. */
  readonly stored: number;
}

/**
 * Reads the stored publications of single topics, for protocols that show a topic's history. A journal implements this
 * interface. Every call is synchronous.
 */
export interface TopicHistoryReader extends History {
  /** The newest publications of a topic that the reader may read, oldest first. */
  newest(topic: Topic, range: NewestRange): readonly Entry[];
  /** The counts of a topic. Undefined if nothing was published to the topic, or the journal has forgotten the topic. */
  countsOf(topic: Topic): TopicCounts | undefined;
  /** All topics that have counts. */
  topicNames(): Iterable<Topic>;
}
