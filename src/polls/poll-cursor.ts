import type { Cohort, Joining } from "../hub/cohort.js";
import { isNothing } from "../hub/history.js";
import type { History, LossMark } from "../hub/history.js";
import { startReading } from "../hub/page.js";
import type { PageSource, ReadState } from "../hub/page.js";
import type { Offset } from "../hub/position.js";

/** No position is written like these, and no publisher's id begins with `#`. */
const openingWord = "#opening";
const toldWord = "#told";

/**
 * Where the next poll is to go on: the position. Only where an answer was too small for a beginning, or for what follows
 * a gap, it says how far the poller has got with that, which other kinds of streams take for an id that they do not know.
 */
export function formatCursor({ history }: PageSource, cohort: Cohort, state: ReadState): string {
  const idsOf = (...offsets: readonly Offset[]): readonly string[] =>
    offsets.map((offset) => history.idAt(offset));
  if (state.kind === "opening") {
    const { after, upTo, from, gap } = state;
    // What was evicted is found again; what the client came with is not.
    const reason = gap === undefined || gap.reason === "evicted" ? "" : gap.reason;
    return [openingWord, ...idsOf(after, upTo, from), reason].join(",");
  }
  const { after, told } = state;
  if (!isToldAgain(history, cohort, after)) return history.idAt(after);
  return [toldWord, ...idsOf(after, ...parts(told, history.head))].join(",");
}

/**
 * Where a poll begins: behind its cursor, with the retained values of the filters that are new to the poller first;
 * without a cursor with all retained values.
 */
export function startPolling(
  source: PageSource,
  cohort: Cohort,
  { cursor, added }: { readonly cursor: string | undefined; readonly added?: Joining["added"] },
): ReadState {
  return (
    parseCursor(source.history, cursor ?? "") ?? startReading(source, cohort, { lastEventId: cursor, added })
  );
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

function parseCursor(history: History, cursor: string): ReadState | undefined {
  const [word, ...ids] = cursor.split(",");
  if (word === openingWord) return parseOpening(history, ids);
  if (word !== toldWord) return undefined;
  const offsets = offsetsOf(history, ids);
  if (offsets === undefined) return undefined;
  const [after = 0, ...told] = offsets;
  return { kind: "history", after, told: told.reduce((sum, part) => sum + part, 0) };
}

function parseOpening(history: History, ids: readonly string[]): ReadState | undefined {
  const offsets = offsetsOf(history, ids.slice(0, 3));
  if (offsets === undefined) return undefined;
  const [after = 0, upTo = 0, from = 0] = offsets;
  const [, , , reason] = ids;
  const state = { kind: "opening", after, upTo, from, told: 0 } as const;
  if (reason !== "unknown-id" && reason !== "other-epoch") return state;
  return { ...state, gap: { topics: [], more: false, reason } };
}

/** Undefined when one of them is no position of this run. */
function offsetsOf(history: History, ids: readonly string[]): readonly Offset[] | undefined {
  const offsets = ids.flatMap((id) => {
    const cursor = id.startsWith("#") ? history.locate(id) : undefined;
    return cursor?.kind === "at" ? [cursor.offset] : [];
  });
  return offsets.length === ids.length && ids.length > 0 ? offsets : undefined;
}
