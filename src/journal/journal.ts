import type { DeletedRange } from "../hub/publications/deletion.js";
import type { Entry } from "../hub/publications/entry.js";
import type { Publication } from "../hub/publications/publication.js";
import type { Ids } from "./answers.js";
import type { Deleted, Deletion } from "./deletion.js";
import type { Nodes } from "./nodes.js";
import type { SnapshotPart } from "./snapshot-part.js";
import type { Topic } from "../hub/topics/topic.js";
import type { TopicHistoryReader } from "./topic-history-reader.js";

/** The answer to a publisher whose publication is stored. */
export interface Receipt {
  /** The event id that clients see. The publisher's own id. The position if the publisher gave no id, or an id that history already holds. */
  readonly id: string;
}

/** Receives the entries of a journal, in order of offset. */
export interface JournalFollower {
  apply(entry: Entry): void;
  /**
   * Takes a deletion, in order with the entries. Returns true if the follower held a deleted value that history does not
   * count. @default the follower holds nothing
   */
  deleted?(range: DeletedRange): boolean;
}

/** The publications of a journal that are in memory. */
export interface StoredHistory extends TopicHistoryReader {
  /** Memory for all stored entries, in bytes. */
  readonly bytes: number;
  /** The age of the oldest entry in memory, in milliseconds; 0 if there is none. */
  readonly ageMs: number;
  /** The number of topics with a history. */
  readonly topicCount: number;
  /** True if {@link Journal.delete} would delete publications of the topic. */
  mayDelete(topic: Topic): boolean;
}

/**
 * - `up`: the journal stores publications
 * - `behind`: this hub may lack publications that other hubs stored more than two seconds ago; it accepts none until it
 *   has them
 * - `full`: the store has no space
 * - `unreachable`: the store does not respond, or returns errors
 */
export const journalStates = ["up", "behind", "full", "unreachable"] as const;
export type JournalState = (typeof journalStates)[number];

export interface JournalStatus {
  readonly state: JournalState;
  /**
   * The age of the oldest publication that waits to be stored, or the time for which this hub may lack publications of
   * other hubs, if that is more; in milliseconds.
   */
  readonly lagMs: number;
  /** The size of the log, in bytes; 0 in memory. */
  readonly bytes: number;
  /** The files, or parts, of the log; 0 in memory. */
  readonly segments: number;
}

/**
 * The publications of one request. The journal stores all of them or none, and no publication of the group before
 * {@link commit}. A journal in memory, which has no crash to survive, stores each publication when it is added.
 */
export interface PublicationGroup {
  /** Adds a publication after the others of the group. */
  add(publication: Publication): void;
  /**
   * Stores the group. Call this once, after the last {@link add}. When the promise resolves, the followers have all
   * publications. The promise rejects as that of {@link Journal.append}.
   *
   * @returns the event id of each publication, in order, as in {@link Receipt}
   */
  commit(): Ids | Promise<Ids>;
}

/**
 * The ordered record of publications. The journal gives each publication the next position of one hub-wide count and
 * stores the publication. Then the journal passes the publication to its followers, in order of position.
 */
export interface Journal {
  readonly history: StoredHistory;
  /**
   * Stores a publication. When `append` returns a receipt, or the promise resolves, the publication has its position
   * and the followers have the publication. Positions follow the order of the calls, so a caller need not wait for one
   * promise before the next call. The promise rejects if the publication could not be stored; then no follower gets the
   * publication.
   */
  append(publication: Publication): Receipt | Promise<Receipt>;
  /**
   * As {@link append}, for a publisher that gets no response. Calls of the same turn may share a promise, and then all
   * of their publications are stored or none.
   */
  add(publication: Publication): void | Promise<void>;
  /**
   * Begins a group. A group that is never committed leaves nothing behind.
   *
   * @param once a name for the group. If a group with this name was stored before, and its answer is still remembered,
   *   `commit` stores nothing and returns that answer
   */
  begin(once?: string): PublicationGroup;
  /** The event ids of the group with this name, while the journal remembers them. */
  answerTo(once: string): Ids | undefined;
  /**
   * Adds a follower. As soon as an entry is in history, the journal passes the entry to all followers, in the order of
   * their `follow` calls.
   */
  follow(follower: JournalFollower): void;
  /**
   * Evicts all publications of a topic that were appended before this call. The eviction counts as a loss, like an
   * eviction by a limit.
   */
  evictAll(topic: Topic): void;
  /**
   * Deletes the publications of a topic that were appended before this call, or one of them. No reader gets them any more,
   * also from a log. Readers that have missed one of them learn that it was deleted. Resolves and rejects as
   * {@link PublicationGroup.commit}; also rejects with `unavailable` if the journal cannot remember more deletions.
   */
  delete(deletion: Deletion): Deleted | Promise<Deleted>;
  /**
   * Stores a change of the hub's state that is no publication, in order with {@link append} and {@link evictAll}. All
   * hubs that use the journal pass the note to their part of this name. Returns, resolves and rejects as {@link append}.
   *
   * @param part the name of a part that {@link keep} has added
   * @param value JSON
   */
  note(part: string, value: unknown): void | Promise<void>;
  /** As {@link note}, for a request that waits for the result: rejects as {@link PublicationGroup.commit}. */
  commitNote(part: string, value: unknown): void | Promise<void>;
  /**
   * The time at which the journal began, in milliseconds since 1970: followers get the entries since then. In memory, the
   * start of the hub. With a log, the time of the log's first record, or that of the snapshot from which the hub started.
   * Call this after {@link open}.
   */
  readonly beganMs: number;
  /** What operators see of the journal. */
  readonly status: JournalStatus;
  /** Adds a part of the hub's state that must outlive the hub. Call this before {@link open}. */
  keep(part: SnapshotPart): void;
  /**
   * Fills history, and passes the stored entries to the followers. When the promise resolves, the journal accepts
   * publications.
   *
   * @throws PharosError with a sentence for the operator
   */
  open(): Promise<void>;
  /**
   * Undefined while the journal accepts publications; else a promise that resolves when it may accept more. While the
   * journal cannot store anything, `commit` refuses at once, so there is nothing to wait for. The promise rejects with
   * `unavailable` if it does not resolve within `limits.journal.appendSeconds`.
   */
  room(): Promise<void> | undefined;
  /**
   * As {@link room}, but waits as long as it takes, also while the journal cannot store anything. For publishers that
   * cannot be refused.
   */
  roomOnceUp(): Promise<void> | undefined;
  /** True if other hubs may write the journal too. */
  readonly isShared: boolean;
  /** The hubs that write the journal; undefined if this hub alone writes it. */
  readonly nodes: Nodes | undefined;
  /**
   * Resolves when history has all entries that any hub had stored before the call. While the engine does not respond,
   * asks again for `withinMs` milliseconds.
   */
  caughtUp(withinMs: number): Promise<void>;
  /** Stores what was appended, if that is possible, and closes. Safe to call twice. */
  close(): Promise<void>;
}
