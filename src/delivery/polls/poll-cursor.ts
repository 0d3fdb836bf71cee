import { createHash } from "node:crypto";
import type { Cohort, Joining } from "../../hub/cohort.js";
import { isNothing } from "../../hub/publications/history.js";
import type { History, LossMark } from "../../hub/publications/history.js";
import { moveReading, namesOf, startReading } from "../../hub/history-page.js";
import type { PageSource, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";

/** No position is written like these, and no publisher's id begins with `#`. */
const openingWord = "#opening";
const toldWord = "#told";

/**
 * Where the next poll is to go on: the position. Only where an answer was too small for a beginning, or for what follows
 * a gap, it says how far the poller has got with that, and with which filters, which other kinds of streams take for an
 * id that they do not know.
 *
 * @param added the filters that were new to the poller by its own word
 */
export function formatCursor(
  { history }: PageSource,
  cohort: Cohort,
  { state, added = [] }: { readonly state: ReadState; readonly added?: Joining["added"] },
): string {
  const idsOf = (...offsets: readonly Offset[]): readonly string[] =>
    offsets.map((offset) => history.idAt(offset));
  if (state.kind === "opening") {
    const { after, upTo, from, gap } = state;
    const names = state.added ?? namesOf(cohort.subscription.filters);
    // What was evicted is found again; what the client came with is not.
    const reason = gap === undefined || gap.reason === "evicted" ? "" : gap.reason;
    return [openingWord, marksOf(names), ...idsOf(after, upTo, from), reason].join(",");
  }
  const { after, told } = state;
  if (!isToldAgain(history, cohort, after)) return history.idAt(after);
  return [toldWord, marksOf(namesOf(added)), ...idsOf(after, ...parts(told, history.head))].join(",");
}

/**
 * Where a poll begins: behind its cursor, with the retained values of the filters that are new to the poller first;
 * without a cursor with all retained values. A filter that was new in the poll before as well is new no more.
 */
export function startPolling(
  source: PageSource,
  cohort: Cohort,
  { cursor, added = [] }: { readonly cursor: string | undefined; readonly added?: Joining["added"] },
): ReadState {
  const found = parseCursor(source.history, cohort, cursor ?? "");
  if (found === undefined) return startReading(source, cohort, { lastEventId: cursor, added });
  const isNew = (name: string): boolean => !found.marks.has(markOf(name));
  const names = namesOf(added).filter((name) => isNew(name));
  return names.length === 0 ? found.state : moveReading(found.state, names);
}

/**
 * Whether a poller that comes with the position alone would be told of a gap that it knows of already. With small answers
 * it would never get beyond it.
 */
function isToldAgain(history: History, { subscription }: Cohort, after: Offset): boolean {
  const report = history.losses({ ...subscription, after, upTo: history.head }, 0);
  return !report.isComplete || !isNothing(report);
}

/** Marks count what was evicted, which is more than was published: written as positions they tell no number. */
function parts(told: LossMark, head: Offset): readonly Offset[] {
  if (head === 0) return [];
  const whole = Math.floor(told / head);
  return [...Array.from({ length: whole }, () => head), told - whole * head];
}

/** A place that is no position, and the marks of the filters that count no more as added there. */
interface Found {
  readonly state: ReadState;
  readonly marks: ReadonlySet<string>;
}

function parseCursor(history: History, cohort: Cohort, cursor: string): Found | undefined {
  const [word, list = "", ...ids] = cursor.split(",");
  const marks = new Set(list.split("."));
  const state =
    word === openingWord
      ? parseOpening(history, ids, knownBy(cohort, marks))
      : word === toldWord
        ? parseTold(history, ids)
        : undefined;
  return state && { state, marks };
}

function parseTold(history: History, ids: readonly string[]): ReadState | undefined {
  const offsets = offsetsOf(history, ids);
  if (offsets === undefined) return undefined;
  const [after = 0, ...told] = offsets;
  return { kind: "history", after, told: told.reduce((sum, part) => sum + part, 0) };
}

function parseOpening(
  history: History,
  ids: readonly string[],
  added: readonly string[],
): ReadState | undefined {
  const offsets = offsetsOf(history, ids.slice(0, 3));
  if (offsets === undefined) return undefined;
  const [after = 0, upTo = 0, from = 0] = offsets;
  const [, , , reason] = ids;
  const state = { kind: "opening", after, upTo, from, added, told: 0 } as const;
  if (reason !== "unknown-id" && reason !== "other-epoch") return state;
  return { ...state, gap: { topics: [], more: false, reason } };
}

/** The names of the poller's filters that have these marks. */
function knownBy({ subscription }: Cohort, marks: ReadonlySet<string>): readonly string[] {
  return namesOf(subscription.filters).filter((name) => marks.has(markOf(name)));
}

function marksOf(names: readonly string[]): string {
  return names.map(markOf).join(".");
}

/** Filters are long, positions are not: 48 bits, and filters that share them are taken for one. */
function markOf(name: string): string {
  return createHash("sha256").update(name).digest("base64url").slice(0, 8);
}

/** Undefined when one of them is no position of this run. */
function offsetsOf(history: History, ids: readonly string[]): readonly Offset[] | undefined {
  const offsets = ids.flatMap((id) => {
    const cursor = id.startsWith("#") ? history.locate(id) : undefined;
    return cursor?.kind === "at" ? [cursor.offset] : [];
  });
  return offsets.length === ids.length && ids.length > 0 ? offsets : undefined;
}
