import type { GapNotice, GapReason } from "../protocol.js";
import type { Cohort, Joining } from "./cohort.js";
import type { TopicFilter } from "./filters/filter.js";
import { filterSetOf } from "./filters/filter-set.js";
import { isNothing, maxNamedTopics } from "./publications/history.js";
import type {
  History,
  LossMark,
  Losses,
  LossReport,
  HistoryRange,
  PendingEntries,
} from "./publications/history.js";
import type { Offset } from "./publications/position.js";
import type { RetainedValues } from "./publications/retained-values.js";
import { mayRead } from "./publications/rights.js";
import type { Entry } from "./publications/entry.js";

/**
 * The state of a reader of history.
 * - `opening`: the reader first gets the retained values with offsets after `after`, up to `upTo`, that history does
 *   not hold. After that, the reader gets the gap event, or its position if there is no gap. Finally, the reader gets
 *   history after `from`.
 * - `history`: the reader has every entry up to and including `after`. The reader knows of losses up to the mark
 *   `lossMark`.
 */
export type ReadState =
  | {
      readonly kind: "opening";
      readonly after: Offset;
      readonly upTo: Offset;
      readonly from: Offset;
      /**
       * The names of the filters whose retained values the reader still needs, from offsets up to `from`. For filters
       * without a name in this list, the reader already has the values or gets the values from history. Undefined if
       * the reader needs the values of all filters.
       */
      readonly added?: readonly string[] | undefined;
      /** `gap` contains the losses up to this mark. */
      readonly lossMark: LossMark;
      readonly gap?: Gap;
    }
  | { readonly kind: "history"; readonly after: Offset; readonly lossMark: LossMark };

type Gap = Losses & { readonly reason: GapReason };

type Opening = ReadState & { readonly kind: "opening" };

/**
 * A part of history as bytes, in a cohort's format and coding. Do not change the bytes, because several readers share
 * the page.
 */
export interface Page {
  readonly body: Buffer;
  readonly count: number;
  /** The reader's state after this page. */
  readonly next: ReadState;
  /** The reason of the gap event in this page; undefined if the page has no gap event. */
  readonly gapReason: GapReason | undefined;
  /** True if the page ended because the page was full. */
  readonly full: boolean;
}

/**
 * A page that a slower store, or another process, has to send. The function calls `take` once, in a later turn, or
 * never if the other process has ended. To cancel the request, call the returned function.
 */
export type PendingPage = (take: (page: Page) => void) => () => void;

export interface PageSource {
  readonly history: History;
  readonly retained: RetainedValues;
}

export interface PageLimits {
  /** The largest size before compression, in bytes. The page holds at least one event, even if this event is larger. */
  readonly maxBytes: number;
  /** The page ends at this offset: the cohort's horizon. */
  readonly upTo: Offset;
}

/**
 * The first state of a new connection. With a cursor, the connection first gets the retained values of added filters,
 * then history after the cursor. Without a cursor, the connection first gets all retained values, then publications
 * after the head.
 */
export function startReading(
  source: PageSource,
  cohort: Cohort,
  joining: Pick<Joining, "lastEventId" | "added">,
): ReadState {
  const { lastEventId, added = [] } = joining;
  const head = source.history.head;
  if (lastEventId === undefined) return { kind: "opening", after: 0, upTo: head, from: head, lossMark: 0 };
  const cursor = source.history.locate(lastEventId, cohort.subscription.rights);
  if (cursor.kind === "lost") {
    const gap = { topics: [], more: false, reason: cursor.reason };
    return { kind: "opening", after: 0, upTo: head, from: 0, lossMark: 0, gap };
  }
  // If nothing is lost, history contains all other retained values that the reader needs.
  return resumed(cursor.offset, namesOf(added));
}

/**
 * The state of a reader after a change of filters. The reader first gets the retained values of the added filters,
 * then continues at the same offset.
 */
export function moveReading(read: ReadState, added: readonly string[]): ReadState {
  if (read.kind === "history") return resumed(read.after, added);
  // The offset does not show which values of the new filters the reader has, so the reader gets all values again.
  return { ...read, after: 0, lossMark: 0, added: read.added && [...read.added, ...added] };
}

/** The names by which {@link ReadState} refers to filters. */
export function namesOf(filters: readonly TopicFilter[]): readonly string[] {
  return filters.map(({ kind, text }) => `${kind}:${text}`);
}

function resumed(from: Offset, added: readonly string[]): ReadState {
  return { kind: "opening", after: added.length === 0 ? from : 0, upTo: from, from, lossMark: 0, added };
}

/** Reads the next page for a reader of this cohort. Equal arguments give equal bytes. */
export function readPage(
  source: PageSource,
  cohort: Cohort,
  step: { state: ReadState; limits: PageLimits },
): Page | PendingPage {
  const builder = new PageBuilder(source, cohort, step.limits);
  return builder.build(step.state);
}

function rangeOf(cohort: Cohort, after: Offset, upTo: Offset): HistoryRange {
  const { filters, rights } = cohort.subscription;
  return { filters, rights, after, upTo };
}

class PageBuilder {
  readonly #source: PageSource;
  readonly #cohort: Cohort;
  readonly #limits: PageLimits;
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #count = 0;
  #full = false;

  constructor(source: PageSource, cohort: Cohort, limits: PageLimits) {
    this.#source = source;
    this.#cohort = cohort;
    this.#limits = limits;
  }

  build(state: ReadState): Page | PendingPage {
    const { isComplete, state: started } = this.#findLosses(state);
    if (!isComplete) return this.#page(started, undefined);
    const next = started.kind === "opening" ? this.#open(started) : started;
    if (next.kind === "history") {
      const older = this.#olderThanMemory(next);
      if (older !== undefined && this.#bytes === 0) return this.#pending(next, older);
      // The older entries get a page of their own. They are the next page, even if the horizon moves.
      if (older !== undefined) this.#full = true;
    }
    const end = next.kind === "history" && !this.#full ? this.#entries(next) : next;
    const isTold = started.kind === "opening" && next.kind === "history";
    return this.#page(end, isTold ? started.gap?.reason : undefined);
  }

  #page(next: ReadState, gapReason: GapReason | undefined): Page {
    const [only] = this.#parts;
    const body =
      only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts, this.#bytes);
    // Compresses the page as for one reader, because most pages have only one reader.
    return { body: this.#cohort.coded(body, 1), count: this.#count, next, full: this.#full, gapReason };
  }

  /**
   * Searches for entries that history no longer holds for this reader. If there are such losses, the reader gets a
   * gap event and the retained values that the reader may have missed. Entries can also be evicted between two pages
   * of one reader. The reader gets the gap event only after the search is complete.
   */
  #findLosses(state: ReadState): { readonly isComplete: boolean; readonly state: ReadState } {
    const from = state.kind === "opening" ? state.from : state.after;
    const { upTo } = this.#limits;
    const report = this.#source.history.losses(rangeOf(this.#cohort, from, upTo), state.lossMark);
    const { asOf: lossMark, isComplete } = report;
    if (isNothing(report)) return { isComplete, state: { ...state, lossMark } };
    const opening: Opening =
      state.kind === "opening" ? state : { kind: "opening", after: from, upTo, from, lossMark, added: [] };
    const gap = joined(opening.gap, report);
    return { isComplete, state: { ...opening, upTo: Math.max(opening.upTo, upTo), lossMark, gap } };
  }

  #open(opening: Opening): ReadState {
    const { format, filters } = this.#cohort.subscription;
    const early = this.#filtersUpToFrom(opening);
    let sent = opening.after;
    const range = { ...opening, filters: opening.upTo > opening.from ? filters : early };
    const looked = this.#source.retained.read(range, (entry) => {
      if (!this.#isWanted(entry, opening, early)) return true;
      if (!this.#add(format.retained(entry, opening.from))) return false;
      this.#count += 1;
      sent = entry.offset;
      return true;
    });
    if (this.#full) return { ...opening, after: sent };
    if (looked < opening.upTo) return { ...opening, after: looked };
    const { gap, from, lossMark } = opening;
    const after = gap === undefined ? from : this.#beforeFirst(from);
    const id = this.#idOf(after);
    const added = this.#add(gap === undefined ? format.position(id) : format.gap(noticeOf(gap), id));
    return added ? { kind: "history", after, lossMark } : { ...opening, after: sent };
  }

  /** The filters for which the reader needs the values up to `from`. */
  #filtersUpToFrom({ added }: Opening): readonly TopicFilter[] {
    const { filters } = this.#cohort.subscription;
    if (added === undefined) return filters;
    const names = new Set(added);
    return filters.filter((filter) => namesOf([filter]).some((name) => names.has(name)));
  }

  /** False for a retained value that the reader gets, or has got, from history or a round. */
  #isWanted(entry: Entry, state: Opening, early: readonly TopicFilter[]): boolean {
    const { filters, rights } = this.#cohort.subscription;
    if (!mayRead(rights, entry.publication)) return false;
    const isEarly = entry.offset <= state.from;
    const set = filterSetOf(isEarly ? early : filters);
    const topics = entry.publication.topics.filter((topic) => set.matches(topic));
    if (isEarly) return topics.length > 0;
    // An entry beyond the horizon is pending. The reader gets the entry in a round, even if history no longer holds the
    // entry.
    if (entry.offset > this.#limits.upTo) return false;
    return !topics.some((topic) => this.#source.history.holds(topic, entry.offset));
  }

  /** The position before the first event that history holds for this reader. */
  #beforeFirst(from: Offset): Offset {
    // A cursor from another hub process may be ahead of this cohort's horizon. The reader's position never moves back.
    let first: Offset | undefined;
    const looked = this.#source.history.read(rangeOf(this.#cohort, from, this.#limits.upTo), (entry) => {
      first = entry.offset;
      return false;
    });
    return first === undefined ? Math.max(from, looked) : first - 1;
  }

  #olderThanMemory({ after }: ReadState & { readonly kind: "history" }): PendingEntries | undefined {
    const { maxBytes, upTo } = this.#limits;
    return this.#source.history.older?.(rangeOf(this.#cohort, after, upTo), maxBytes);
  }

  #pending(state: ReadState & { readonly kind: "history" }, older: PendingEntries): PendingPage {
    const { format } = this.#cohort.subscription;
    return (take) =>
      older(({ entries, upTo }) => {
        for (const entry of entries) {
          this.#parts.push(entry.encodedAs(format));
          this.#bytes += this.#parts.at(-1)?.length ?? 0;
          this.#count += 1;
        }
        this.#full = true;
        take(this.#page({ ...state, after: Math.max(state.after, upTo) }, undefined));
      });
  }

  #entries(state: ReadState & { readonly kind: "history" }): ReadState {
    const { upTo } = this.#limits;
    let last = state.after;
    const looked = this.#source.history.read(rangeOf(this.#cohort, state.after, upTo), (entry) => {
      if (!this.#add(entry.encodedAs(this.#cohort.subscription.format))) return false;
      this.#count += 1;
      last = entry.offset;
      return true;
    });
    return { ...state, after: this.#full ? last : Math.max(state.after, looked) };
  }

  #add(part: Buffer): boolean {
    // An empty part always fits: a format may write nothing for an event.
    if (this.#bytes > 0 && this.#bytes + part.length > this.#limits.maxBytes) {
      this.#full = true;
      return false;
    }
    this.#parts.push(part);
    this.#bytes += part.length;
    return true;
  }

  #idOf(offset: Offset): string {
    return this.#source.history.idAt(offset);
  }
}

/** Adds the new losses to the losses that earlier pages found. */
function joined(before: Gap | undefined, { topics, more, reason = "evicted" }: LossReport): Gap {
  const byName = new Map([...(before?.topics ?? []), ...topics].map((lost) => [lost.topic, lost]));
  return {
    // A reader that has lost anything in another way than by a deletion may have lost what nobody wanted to delete.
    reason: before === undefined || before.reason === "deleted" ? reason : before.reason,
    topics: [...byName.values()].slice(0, maxNamedTopics),
    more: more || before?.more === true || byName.size > maxNamedTopics,
  };
}

function noticeOf(gap: Gap): GapNotice {
  return { reason: gap.reason, topics: gap.topics, more: gap.more };
}
