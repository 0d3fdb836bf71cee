import type { Entry } from "../hub/publications/entry.js";
import type { Cursor, History, LossReport } from "../hub/publications/history.js";
import type { Offset } from "../hub/publications/position.js";
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

/** A selection of a topic's publications: the newest ones, those before an offset, or those after one. */
export interface TopicPageRange extends NewestRange {
  /** The page has the oldest publications after this offset. @default the page has the newest publications */
  readonly after?: Offset | undefined;
  /** Only publications before this offset. @default no end */
  readonly before?: Offset | undefined;
}

/** A page of a topic's history. */
export interface TopicPage {
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** True if memory has further ones that the reader may read: newer ones if the range has `after`, else older ones. */
  readonly more: boolean;
  /**
   * The publications after `after` that memory no longer holds. Without `after`: of all publications, on the page that
   * begins with the oldest one; on other pages nothing.
   */
  readonly missing: Pick<LossReport, "topics" | "more" | "reason">;
}

/** The number of publications to a topic that a reader may read. */
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
  /** A page of the publications in memory. A log may have older ones. */
  page(topic: Topic, range: TopicPageRange): TopicPage;
  /**
   * The counts of a topic for a reader with these rights. Undefined if nothing was published to the topic that the
   * reader may read, or the journal has forgotten the topic.
   */
  countsOf(topic: Topic, rights: Rights): TopicCounts | undefined;
  /**
   * Finds the position of an event id for a reader of these topics. Like {@link History.locate}, but an own id belongs to
   * a topic: several publications may have it, and the first one in these topics counts. An id of other topics only is
   * unknown, because its position says nothing about the events that the reader has received.
   *
   * @param rights default: the rights of a client without a token
   */
  locateIn(topics: readonly Topic[], eventId: string, rights?: Rights): Cursor;
  /** All topics with publications, also with private ones only. */
  topicNames(): Iterable<Topic>;
}
