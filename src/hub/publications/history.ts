import type { GapReason } from "../../protocol.js";
import type { Entry } from "./entry.js";
import type { TopicFilter } from "../filters/filter.js";
import type { Offset } from "./position.js";
import type { Rights } from "./rights.js";
import type { Topic } from "../topics/topic.js";

/** Where a client's `Last-Event-ID` stands in history, or why it stands nowhere. */
export type Cursor =
  | { readonly kind: "at"; readonly offset: Offset }
  | { readonly kind: "lost"; readonly reason: Exclude<GapReason, "evicted" | "too-many-changes"> };

/** What someone wants to read: the entries after one offset, up to and including another, that match. */
export interface HistoryRange {
  readonly filters: readonly TopicFilter[];
  readonly rights: Rights;
  readonly after: Offset;
  readonly upTo: Offset;
}

/** Publications after an offset that are gone. Topics are those that the reader may know of. */
export interface Losses {
  /** At most {@link maxNamedTopics}. */
  readonly topics: readonly { readonly topic: Topic; readonly missedAtMost: number }[];
  /** True when there are others, or may be. */
  readonly more: boolean;
}

/** What a look at losses has found. */
export interface LossReport extends Losses {
  /** Up to this moment: a reader that was told gives it back, and hears only of what was lost later. */
  readonly asOf: LossMark;
  /** False when that is not the present, since there is more to look at than fits into some milliseconds: ask again. */
  readonly isComplete: boolean;
}

/** A gap event names this many topics at most. */
export const maxNamedTopics = 20;

/** True when there is nothing to tell. */
export function isNothing({ topics, more }: Losses): boolean {
  return topics.length === 0 && !more;
}

/** A moment in the history of losses, in evictions since the journal began; 0 is before all of them. */
export type LossMark = number;

/** The past, as the hub needs it; a journal implements it. Every call is synchronous. */
export interface History {
  /** The offset of the newest entry; 0 when there is none. */
  readonly head: Offset;
  /** The event id of the position at this offset. */
  idAt(offset: Offset): string;
  /**
   * Finds where an event id stands: a position, or a publisher's own id that is still in history. The id of a private
   * publication that these rights may not read is as one that never was: whoever guesses ids learns nothing.
   *
   * @param rights by default a stranger's
   */
  locate(eventId: string, rights?: Rights): Cursor;
  /** What the range has lost since `told`, as far as one look reaches: it takes milliseconds. */
  losses(range: HistoryRange, told: LossMark): LossReport;
  /** True when the topic's history reaches back to this offset. */
  holds(topic: Topic, offset: Offset): boolean;
  /**
   * Calls `visit` for each entry of the range in order of offset until it returns false; an entry comes once. It looks at
   * so many entries only that it takes milliseconds.
   *
   * @returns the offset up to which it has looked, `upTo` or less; of no meaning when `visit` has returned false
   */
  read(range: HistoryRange, visit: (entry: Entry) => boolean): Offset;
}
