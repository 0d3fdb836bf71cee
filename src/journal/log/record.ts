import type { Epoch, Offset } from "../../hub/publications/position.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { NodeBeat, NodeId } from "../nodes.js";
import type { Sequence } from "./log.js";

/** A publication in a group, and what its event id is. */
export interface LoggedPublication {
  readonly publication: Publication;
  /**
   * True if the publisher's id is the event id of the entry. False if the publication has no id, or if an earlier
   * entry had the id: then the position is the event id.
   */
  readonly keepsId: boolean;
}

/** The publications that one request of a publisher appends: all of them or none. */
export interface LoggedGroup {
  readonly kind: "group";
  /** The name of the request's `Idempotency-Key`. The first group with a name counts; later ones are skipped. */
  readonly once?: string;
  /** At least one. */
  readonly publications: readonly LoggedPublication[];
}

/** A group without its publications. */
export interface GroupHead extends Omit<LoggedGroup, "publications"> {
  /** The number of publications. */
  readonly size: number;
}

/** The begin of an epoch. The epoch before ends at the position before this record. */
export interface LoggedEpoch {
  readonly kind: "epoch";
  readonly epoch: Epoch;
}

/** All earlier publications of the topic are evicted: no reader may get them any more. */
export interface LoggedEviction {
  readonly kind: "evict";
  readonly topic: Topic;
}

/** The rules by which all readers of the log reach the same state. These rules stand at the begin of the log. */
export interface LoggedRules {
  readonly kind: "rules";
  /** The format of the log. A hub that knows only older formats must not read the log. */
  readonly format: number;
  /** Which answers to an `Idempotency-Key` the journal remembers. */
  readonly idempotency: { readonly answers: number; readonly bytes: number; readonly ageSeconds: number };
}

/** A change of the hub's state that is no publication. Clients do not see it. */
export interface LoggedNote {
  readonly kind: "note";
  /** The name of the part of the state. */
  readonly part: string;
  /** JSON. The part knows what it means. */
  readonly value: unknown;
}

/** A beat: a hub says that it uses the log. */
export interface LoggedBeat {
  readonly kind: "node";
  readonly beat: NodeBeat;
}

/** A hub is gone. Counts only if its last beat is still that of the record `after`. */
export interface LoggedGone {
  readonly kind: "gone";
  readonly node: NodeId;
  readonly after: Sequence;
  /** The hub that says so. */
  readonly by: NodeId;
}

export type LogItem =
  | LoggedGroup
  | LoggedEpoch
  | LoggedEviction
  | LoggedRules
  | LoggedNote
  | LoggedBeat
  | LoggedGone;

/** Who appended a record, and when. */
export interface RecordHead {
  /** The run of a hub: 1 to 64 letters, digits, `-` or `_`. */
  readonly run: string;
  /** The number of the record among the records of its run. */
  readonly n: number;
  /** The time of the hub that appended the record, in milliseconds since 1970. */
  readonly atMs: number;
}

/** After this time without a record, a run has ended, in milliseconds of the log's time. */
export const runEndsAfterMs = 3_600_000;

/** The content of a record. The publications of all its groups together have the offsets of {@link offsetAt}. */
export interface LogRecord extends RecordHead {
  readonly items: readonly LogItem[];
}

/**
 * The format of records that this version writes. A version reads its own format and all older ones. Heads of all formats
 * have the fields of {@link RecordHead}. The heads of a later format may also have the field `version`: the version of
 * Pharos that wrote the record, for the message of older hubs.
 *
 * - 1: groups, epochs, evictions, rules
 * - 2: also notes, beats of hubs, and hubs that are gone
 * - 3: also deletions, and publications that expire: a hub that ignored them would go on to show what is gone
 */
export const recordFormat = 3;

/** The largest number of publications in a record. */
export const publicationsPerRecord = 4096;

/**
 * The offset of a publication of a record. Offsets leave numbers out, unless each record is full.
 *
 * @param index the number of the publication in its record, from 0 to 4,095
 */
export function offsetAt(sequence: Sequence, index: number): Offset {
  return sequence * publicationsPerRecord + index;
}

/** The number of the record that contains this offset. */
export function sequenceOf(offset: Offset): Sequence {
  return Math.floor(offset / publicationsPerRecord);
}
