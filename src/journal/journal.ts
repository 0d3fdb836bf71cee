import type { Entry } from "../hub/publications/entry.js";
import type { Position } from "../hub/publications/position.js";
import type { Publication } from "../hub/publications/publication.js";
import type { Topic } from "../hub/topics/topic.js";
import type { TopicHistoryReader } from "./topic-history-reader.js";

/** The position of a stored publication, and the event id under which clients see it. */
export interface Receipt extends Position {
  /** The publisher's own id. The position if the publisher gave none, or one that history already holds. */
  readonly id: string;
}

/** Receives the entries of a journal in their order. */
export interface JournalFollower {
  apply(entry: Entry): void;
}

/**
 * The ordered record of publications. It gives each publication the next position of one hub-wide count, stores it and
 * passes it on, in that order, to its followers.
 */
export interface Journal extends TopicHistoryReader {
  /** Memory for all stored entries, in bytes. */
  readonly bytes: number;
  /** Topics with a history. */
  readonly topicCount: number;
  /**
   * Stores a publication. It has its position, and the followers have it, when this returns a receipt or the promise
   * resolves. Positions follow the order of the calls, so a caller need not wait for one promise before the next call.
   * The promise rejects if the publication could not be stored; then no follower gets it.
   */
  append(publication: Publication): Receipt | Promise<Receipt>;
  /** Adds a follower. Each entry goes to all followers, in the order of their calls, as soon as it is in history. */
  follow(follower: JournalFollower): void;
  /** Evicts everything that was appended to a topic before this call, as a limit does. */
  evictAll(topic: Topic): void;
}
