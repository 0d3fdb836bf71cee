import type { GapReason } from "../../protocol.js";
import type { Entry } from "./entry.js";
import type { TopicFilter } from "../filters/filter.js";
import type { Offset } from "./position.js";
import type { Rights } from "./rights.js";
import type { Topic } from "../topics/topic.js";

/** The position in history for a `Last-Event-ID`, or the reason why the id has no position. */
export type Cursor =
  | { readonly kind: "at"; readonly offset: Offset }
  | { readonly kind: "lost"; readonly reason: Extract<GapReason, "unknown-id" | "other-epoch"> };

/** A range to read: entries that match the filters, with offsets after `after`, up to and including `upTo`. */
export interface HistoryRange {
  readonly filters: readonly TopicFilter[];
  readonly rights: Rights;
  readonly after: Offset;
  readonly upTo: Offset;
}

/** Publications that history no longer holds. `topics` contains only topics that the reader may know of. */
export interface Losses {
  /** At most {@link maxNamedTopics}. */
  readonly topics: readonly { readonly topic: Topic; readonly missedAtMost?: number }[];
  /** True if further publications are lost, or may be. */
  readonly more: boolean;
}

/** The result of a search for losses. */
export interface LossReport extends Losses {
  /** `deleted` if publishers have deleted all of the lost publications. @default evicted */
  readonly reason?: Extract<GapReason, "evicted" | "deleted">;
  /**
   * The mark up to which all losses are in this report. If you pass this mark to the next search, that search finds
   * only later losses.
   */
  readonly asOf: LossMark;
  /** False if the search needs more than a few milliseconds. Then call {@link History.losses} again with `asOf`. */
  readonly isComplete: boolean;
}

/** Entries from a slower store, without a gap up to and including `upTo`. */
export interface OlderEntries {
  readonly entries: readonly Entry[];
  readonly upTo: Offset;
}

/**
 * The function calls `take` once, in a later turn of the event loop. To cancel the request, call the returned
 * function.
 */
export type PendingEntries = (take: (older: OlderEntries) => void) => () => void;

/** A gap event names at most this many topics. */
export const maxNamedTopics = 20;

/** True if nothing is lost. */
export function isNothing({ topics, more }: Losses): boolean {
  return topics.length === 0 && !more;
}

/** A moment, counted in evictions since this run of the hub began. 0 is before the first eviction. */
export type LossMark = number;

/**
 * The interface by which the hub reads stored publications. A journal implements this interface. Every call is
 * synchronous.
 */
export interface History {
  /**
   * Requests entries of a range from a slower store: the oldest entries that memory no longer holds. The result has
   * at most `maxBytes`, or one entry. Undefined if {@link read} finds all stored entries. The method is absent if
   * there is no slower store. {@link losses} reports only entries that neither memory nor the slower store holds.
   */
  older?(range: HistoryRange, maxBytes: number): PendingEntries | undefined;
  /**
   * Grows whenever publications were deleted, or have expired. Pages that were read before may have publications that no
   * new reader may get.
   */
  readonly removals: number;
  /** The present time of the history, in milliseconds since 1970: that of the clock, or of the newest entry if it is later. */
  readonly nowMs: number;
  /** Removes the publications that have expired. Returns the newest offset of those since the last call; 0 if none. */
  takeExpired(): Offset;
  /** The name of this run of the hub. A loss mark of another run says nothing. */
  readonly run: string;
  /** The offset of the newest entry; 0 if there is none. */
  readonly head: Offset;
  /** The event id of the position at this offset. */
  idAt(offset: Offset): string;
  /**
   * Finds the position of an event id. The id is a position, or a publisher's own id that history holds. If these
   * rights do not allow reading a private publication, its id counts as unknown. So guessing ids reveals nothing.
   *
   * @param rights default: the rights of a client without a token
   */
  locate(eventId: string, rights?: Rights): Cursor;
  /**
   * Finds the losses of a range since the mark `lossMark`. One call needs a few milliseconds at most; see {@link
   * LossReport.isComplete}.
   */
  losses(range: HistoryRange, lossMark: LossMark): LossReport;
  /** True if the publication with this offset, to this topic, is still stored. */
  holds(topic: Topic, offset: Offset): boolean;
  /**
   * Calls `visit` once for each entry of the range, in order of offset, until `visit` returns false. The read ends
   * early when it has used a few milliseconds.
   *
   * @returns the offset up to which the entries were read, at most `upTo`; meaningless if `visit` returned false
   */
  read(range: HistoryRange, visit: (entry: Entry) => boolean): Offset;
}
