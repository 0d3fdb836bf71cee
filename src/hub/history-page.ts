import type { GapNotice, GapReason } from "../protocol.js";
import type { Cohort, Joining } from "./cohort.js";
import type { TopicFilter } from "./filters/filter.js";
import { filterSetOf } from "./filters/filter-set.js";
import { isNothing, maxNamedTopics } from "./publications/history.js";
import type { History, LossMark, Losses, HistoryRange } from "./publications/history.js";
import type { Offset } from "./publications/position.js";
import type { RetainedValues } from "./publications/retained-values.js";
import { mayRead } from "./publications/rights.js";
import type { Entry } from "./publications/entry.js";

/**
 * Where a reader of history stands.
 * - `opening`: it is being sent the retained values after `after` and up to `upTo` that it will not find in history;
 *   then follows the gap, if one is to be told, or its position, and history after `from`
 * - `history`: it has everything up to and including `after`, and was told of what had been lost by then
 */
export type ReadState =
  | {
      readonly kind: "opening";
      readonly after: Offset;
      readonly upTo: Offset;
      readonly from: Offset;
      /**
       * The names of filters whose values up to `from` it is to have; undefined for all. What history brings it, and the
       * values of the filters that it had before, it needs no more.
       */
      readonly added?: readonly string[] | undefined;
      /** What had been lost by then is in the gap. */
      readonly told: LossMark;
      readonly gap?: Gap;
    }
  | { readonly kind: "history"; readonly after: Offset; readonly told: LossMark };

type Gap = Losses & { readonly reason: GapReason };

type Opening = ReadState & { readonly kind: "opening" };

/** A piece of the past in a cohort's format and coding; nobody changes its bytes. */
export interface Page {
  readonly body: Buffer;
  readonly count: number;
  /** Where a reader stands who has this page. */
  readonly next: ReadState;
  /** Set when the page tells a gap. */
  readonly gapReason: GapReason | undefined;
  /** True when the page ended because it was full. */
  readonly full: boolean;
}

export interface PageSource {
  readonly history: History;
  readonly retained: RetainedValues;
}

export interface PageLimits {
  /** The page ends before the event that would pass this, not yet coded, but holds at least one event. */
  readonly maxBytes: number;
  /** The page ends with this offset: the cohort's horizon. */
  readonly upTo: Offset;
}

/**
 * Where a new connection begins: where its cursor is, with the retained values of filters that it did not have before;
 * without a cursor at the head, with all retained values.
 */
export function startReading(
  source: PageSource,
  cohort: Cohort,
  joining: Pick<Joining, "lastEventId" | "added">,
): ReadState {
  const { lastEventId, added = [] } = joining;
  const head = source.history.head;
  if (lastEventId === undefined) return { kind: "opening", after: 0, upTo: head, from: head, told: 0 };
  const cursor = source.history.locate(lastEventId, cohort.subscription.rights);
  if (cursor.kind === "lost") {
    const gap = { topics: [], more: false, reason: cursor.reason };
    return { kind: "opening", after: 0, upTo: head, from: 0, told: 0, gap };
  }
  // Without losses there is no other retained value that history would not bring.
  return resumed(cursor.offset, namesOf(added));
}

/** Where a reader stands whose filters have changed: at the same place, with the retained values of those added first. */
export function moveReading(read: ReadState, added: readonly string[]): ReadState {
  if (read.kind === "history") return resumed(read.after, added);
  // Which of its values it has is not known for the new filters: they come again.
  return { ...read, after: 0, told: 0, added: read.added && [...read.added, ...added] };
}

/** By which {@link ReadState} knows filters. */
export function namesOf(filters: readonly TopicFilter[]): readonly string[] {
  return filters.map(({ kind, text }) => `${kind}:${text}`);
}

function resumed(from: Offset, added: readonly string[]): ReadState {
  return { kind: "opening", after: added.length === 0 ? from : 0, upTo: from, from, told: 0, added };
}

/** Reads the next page for a reader of this cohort. The same state, limits and history give the same bytes. */
export function readPage(
  source: PageSource,
  cohort: Cohort,
  step: { state: ReadState; limits: PageLimits },
): Page {
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

  build(state: ReadState): Page {
    const { isComplete, state: started } = this.#findLosses(state);
    if (!isComplete) return this.#page(started, undefined);
    const next = started.kind === "opening" ? this.#open(started) : started;
    const end = next.kind === "history" ? this.#entries(next) : next;
    const isTold = started.kind === "opening" && next.kind === "history";
    return this.#page(end, isTold ? started.gap?.reason : undefined);
  }

  #page(next: ReadState, gapReason: GapReason | undefined): Page {
    const [only] = this.#parts;
    const body =
      only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts, this.#bytes);
    // Most pages are read by one.
    return { body: this.#cohort.coded(body, 1), count: this.#count, next, full: this.#full, gapReason };
  }

  /**
   * A reader that history has moved past is told, and gets the retained values that it may have missed. History moves
   * on between a connection's opening and its first page, and between the pages of a long opening, too. Nothing is told
   * before everything is found.
   */
  #findLosses(state: ReadState): { readonly isComplete: boolean; readonly state: ReadState } {
    const from = state.kind === "opening" ? state.from : state.after;
    const { upTo } = this.#limits;
    const report = this.#source.history.losses(rangeOf(this.#cohort, from, upTo), state.told);
    const { asOf: told, isComplete } = report;
    if (isNothing(report)) return { isComplete, state: { ...state, told } };
    const opening: Opening =
      state.kind === "opening" ? state : { kind: "opening", after: from, upTo, from, told, added: [] };
    const gap = joined(opening.gap, report);
    return { isComplete, state: { ...opening, upTo: Math.max(opening.upTo, upTo), told, gap } };
  }

  #open(opening: Opening): ReadState {
    const { format, filters } = this.#cohort.subscription;
    const early = this.#filtersUpToFrom(opening);
    let sent = opening.after;
    const range = { ...opening, filters: opening.upTo > opening.from ? filters : early };
    const looked = this.#source.retained.read(range, (entry) => {
      if (!this.#isWanted(entry, opening, early)) return true;
      if (!this.#add(format.retained(entry))) return false;
      this.#count += 1;
      sent = entry.offset;
      return true;
    });
    if (this.#full) return { ...opening, after: sent };
    if (looked < opening.upTo) return { ...opening, after: looked };
    const { gap, from, told } = opening;
    const after = gap === undefined ? from : this.#beforeFirst(from);
    const id = this.#idOf(after);
    const added = this.#add(gap === undefined ? format.position(id) : format.gap(noticeOf(gap), id));
    return added ? { kind: "history", after, told } : { ...opening, after: sent };
  }

  /** Whose values up to `from` the reader is to have. */
  #filtersUpToFrom({ added }: Opening): readonly TopicFilter[] {
    const { filters } = this.#cohort.subscription;
    if (added === undefined) return filters;
    const names = new Set(added);
    return filters.filter((filter) => namesOf([filter]).some((name) => names.has(name)));
  }

  /** A retained value is left out where history, or a round, will bring it, or has brought it. */
  #isWanted(entry: Entry, state: Opening, early: readonly TopicFilter[]): boolean {
    const { filters, rights } = this.#cohort.subscription;
    if (!mayRead(rights, entry.publication)) return false;
    const isEarly = entry.offset <= state.from;
    const set = filterSetOf(isEarly ? early : filters);
    const topics = entry.publication.topics.filter((topic) => set.matches(topic));
    if (isEarly) return topics.length > 0;
    // What lies beyond the horizon is pending and comes with a round, though history may have lost it already.
    if (entry.offset > this.#limits.upTo) return false;
    return !topics.some((topic) => this.#source.history.holds(topic, entry.offset));
  }

  /** The position before the first event that history still has for this reader. */
  #beforeFirst(from: Offset): Offset {
    // A cursor from elsewhere may be ahead of this cohort's horizon; it never moves back.
    let first: Offset | undefined;
    const looked = this.#source.history.read(rangeOf(this.#cohort, from, this.#limits.upTo), (entry) => {
      first = entry.offset;
      return false;
    });
    return first === undefined ? Math.max(from, looked) : first - 1;
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
    // A format may have nothing to say of something, which is then no part of the page.
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

/** What was found before and what was found now, in one gap. */
function joined(before: Gap | undefined, { topics, more }: Losses): Gap {
  const byName = new Map([...(before?.topics ?? []), ...topics].map((lost) => [lost.topic, lost]));
  return {
    reason: before?.reason ?? "evicted",
    topics: [...byName.values()].slice(0, maxNamedTopics),
    more: more || before?.more === true || byName.size > maxNamedTopics,
  };
}

function noticeOf(gap: Gap): GapNotice {
  return { reason: gap.reason, topics: gap.topics, more: gap.more };
}
