import { createHash } from "node:crypto";
import type { Cohort, Joining } from "../../hub/cohort.js";
import { isNothing } from "../../hub/publications/history.js";
import type { History, LossMark } from "../../hub/publications/history.js";
import { moveReading, namesOf, startReading } from "../../hub/history-page.js";
import type { PageSource, ReadState } from "../../hub/history-page.js";
import type { Offset } from "../../hub/publications/position.js";

/**
 * The first words of cursors that are not positions. No position begins with these words, and no publisher's id begins
 * with `#`.
 */
const openingWord = "#opening";
const marksWord = "#told";

/**
 * Writes the cursor for the next poll. In most cases the cursor is a position. If a response was too small for the
 * opening, or for the events after a gap, the cursor also contains the poller's progress and the hashes of its
 * filters. Other kinds of streams treat such a cursor as an unknown id.
 *
 * @param added the filters that the poller reported as new
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
    // The next search finds evictions and deletions again. Other gap reasons depend on the client's own cursor, so the new cursor
    // keeps these reasons.
    const isFoundAgain = gap?.reason === "evicted" || gap?.reason === "deleted";
    const reason = gap === undefined || isFoundAgain ? "" : gap.reason;
    return [openingWord, marksOf(names), ...idsOf(after, upTo, from), reason].join(",");
  }
  const { after, lossMark } = state;
  if (!wouldRepeatGap(history, cohort, after)) return history.idAt(after);
  const ids = idsOf(after, ...parts(lossMark, history.head));
  return [marksWord, marksOf(namesOf(added)), history.run, ...ids].join(",");
}

/**
 * The state in which a poll begins. With a cursor, the poller first gets the retained values of added filters, then
 * history after the cursor. Without a cursor, the poller gets all retained values. A filter that was added in the
 * previous poll is not added again.
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
 * True if a cursor that is a plain position makes the next poll report the same gap again. With small responses, a
 * poller with such a cursor never gets past the gap.
 */
function wouldRepeatGap(history: History, { subscription }: Cohort, after: Offset): boolean {
  const report = history.losses({ ...subscription, after, upTo: history.head }, 0);
  return !report.isComplete || !isNothing(report);
}

/**
 * Splits a mark into numbers that are valid offsets. A mark counts evictions, and may be larger than any offset. The
 * cursor encodes the mark as several positions, so that clients do not learn the number of evictions.
 */
function parts(lossMark: LossMark, head: Offset): readonly Offset[] {
  if (head === 0) return [];
  const whole = Math.floor(lossMark / head);
  return [...Array.from({ length: whole }, () => head), lossMark - whole * head];
}

/**
 * The state in a cursor, and the hashes of the filters in the cursor. Filters with these hashes do not count as added.
 */
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
      : word === marksWord
        ? parseMarks(history, ids)
        : undefined;
  return state && { state, marks };
}

/** The losses that an earlier run of the hub told are told again: its marks count other evictions. */
function parseMarks(history: History, [run, ...ids]: readonly string[]): ReadState | undefined {
  const offsets = offsetsOf(history, ids);
  if (offsets === undefined) return undefined;
  const [after = 0, ...marks] = offsets;
  const lossMark = run === history.run ? marks.reduce((sum, part) => sum + part, 0) : 0;
  return { kind: "history", after, lossMark };
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
  const state = { kind: "opening", after, upTo, from, added, lossMark: 0 } as const;
  if (reason !== "unknown-id" && reason !== "other-epoch") return state;
  return { ...state, gap: { topics: [], more: false, reason } };
}

/** The names of the poller's filters that have these hashes. */
function knownBy({ subscription }: Cohort, marks: ReadonlySet<string>): readonly string[] {
  return namesOf(subscription.filters).filter((name) => marks.has(markOf(name)));
}

function marksOf(names: readonly string[]): string {
  return names.map(markOf).join(".");
}

/** A hash of a filter's name, with 48 bits. Two filters with the same hash count as one filter. */
function markOf(name: string): string {
  return createHash("sha256").update(name).digest("base64url").slice(0, 8);
}

/** The offsets of positions. Undefined if one of the ids is not a position of this run, or if there are no ids. */
function offsetsOf(history: History, ids: readonly string[]): readonly Offset[] | undefined {
  const offsets = ids.flatMap((id) => {
    const cursor = id.startsWith("#") ? history.locate(id) : undefined;
    return cursor?.kind === "at" ? [cursor.offset] : [];
  });
  return offsets.length === ids.length && ids.length > 0 ? offsets : undefined;
}
