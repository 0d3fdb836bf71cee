import type { GapNotice, GapReason } from "../protocol.js";
import type { Cohort } from "./cohort.js";
import type { History, LossMark, Losses, Range } from "./history.js";
import type { Offset } from "./position.js";
import type { RetainedValues } from "./retained.js";
import { mayRead } from "./rights.js";
import { matchesFilter } from "./filter.js";
import type { Entry } from "./entry.js";

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
      readonly gap?: Losses & { readonly reason: GapReason };
    }
  | { readonly kind: "history"; readonly after: Offset; readonly told: LossMark };

type Opening = ReadState & { readonly kind: "opening" };

/** A piece of the past in a cohort's format; nobody changes its bytes. */
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
  /** The page ends before the event that would pass this, but holds at least one event. */
  readonly maxBytes: number;
  /** The page ends with this offset: the cohort's horizon. */
  readonly upTo: Offset;
}

/**
 * Where a new connection begins.
 *
 * @param eventId the client's `Last-Event-ID`; without one it starts at the head, with the retained values
 */
export function startReading(source: PageSource, cohort: Cohort, eventId: string | undefined): ReadState {
  const head = source.history.head;
  if (eventId === undefined) return { kind: "opening", after: 0, upTo: head, from: head };
  const cursor = source.history.locate(eventId, cohort.subscription.rights);
  const from = cursor.kind === "at" ? cursor.offset : 0;
  const losses = source.history.losses(rangeOf(cohort, from, head), 0);
  if (cursor.kind === "lost") {
    const told = losses ?? { topics: [], more: false, asOf: 0 };
    return { kind: "opening", after: 0, upTo: head, from, gap: { ...told, reason: cursor.reason } };
  }
  // Without losses there is no retained value that history would not bring: the opening is the position alone.
  if (losses === undefined) return { kind: "opening", after: from, upTo: from, from };
  return { kind: "opening", after: from, upTo: head, from, gap: { ...losses, reason: "evicted" } };
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

function rangeOf(cohort: Cohort, after: Offset, upTo: Offset): Range {
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
    const started = this.#findLosses(state);
    const next = started.kind === "opening" ? this.#open(started) : started;
    const end = next.kind === "history" ? this.#entries(next) : next;
    const [only] = this.#parts;
    const body =
      only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts, this.#bytes);
    const gapReason = started.kind === "opening" && next.kind === "history" ? started.gap?.reason : undefined;
    return { body, count: this.#count, next: end, full: this.#full, gapReason };
  }

  /**
   * A reader that history has moved past is told, and gets the retained values that it may have missed. History moves
   * on between a connection's opening and its first page, and between the pages of a long opening, too.
   */
  #findLosses(state: ReadState): ReadState {
    const isOpening = state.kind === "opening";
    const { upTo } = this.#limits;
    const from = isOpening ? state.from : state.after;
    const range = rangeOf(this.#cohort, from, upTo);
    const lost = this.#source.history.losses(range, isOpening ? (state.gap?.asOf ?? 0) : state.told);
    if (lost === undefined) return state;
    if (!isOpening) return { kind: "opening", after: from, upTo, from, gap: { ...lost, reason: "evicted" } };
    // What this opening has found, but not told yet, is told together with what has come to it.
    const all = this.#source.history.losses(range, 0) ?? lost;
    const gap = { ...all, reason: state.gap?.reason ?? "evicted" };
    return { ...state, upTo: Math.max(state.upTo, upTo), gap };
  }

  #open(opening: Opening): ReadState {
    const { format, filters } = this.#cohort.subscription;
    let sent = opening.after;
    for (const entry of this.#source.retained.candidates(filters, opening.after, opening.upTo)) {
      if (!this.#isWanted(entry, opening)) continue;
      if (!this.#add(format.retained(entry))) return { ...opening, after: sent };
      this.#count += 1;
      sent = entry.offset;
    }
    const { gap, from } = opening;
    const after = gap === undefined ? from : this.#beforeFirst(from);
    const id = this.#idOf(after);
    const added = this.#add(gap === undefined ? format.position(id) : format.gap(noticeOf(gap), id));
    return added ? { kind: "history", after, told: gap?.asOf ?? 0 } : { ...opening, after: sent };
  }

  /** A retained value is left out where history, or a round, will bring it. */
  #isWanted(entry: Entry, state: Opening): boolean {
    const { filters, rights } = this.#cohort.subscription;
    if (!mayRead(rights, entry.publication)) return false;
    const topics = entry.publication.topics.filter((topic) =>
      filters.some((filter) => matchesFilter(filter, topic)),
    );
    if (topics.length === 0) return false;
    if (entry.offset <= state.from) return true;
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
    if (this.#parts.length > 0 && this.#bytes + part.length > this.#limits.maxBytes) {
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

function noticeOf(gap: Losses & { readonly reason: GapReason }): GapNotice {
  return { reason: gap.reason, topics: gap.topics, more: gap.more };
}
