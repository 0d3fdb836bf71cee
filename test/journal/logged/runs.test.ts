import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runEndsAfterMs } from "../../../src/journal/log/record.js";
import { Runs } from "../../../src/journal/logged/runs.js";

interface Head {
  readonly run: string;
  readonly n: number;
  readonly atMs: number;
}

/** The heads of records `a1`, `b12` …: run and number. Between two records lies one millisecond. */
function heads(texts: string): readonly Head[] {
  return texts
    .split(" ")
    .map((text, index) => ({ run: text.slice(0, 1), n: Number(text.slice(1)), atMs: 1000 + index }));
}

/** The records that count, in the same notation. */
function accepted(runs: Runs, texts: string): string {
  const counting = heads(texts).filter((head) => runs.accept(head));
  return counting.map(({ run, n }) => `${run}${n}`).join(" ");
}

/** Runs that have read these records, and then lost some. */
function behindLoss(texts: string, lost: number): Runs {
  const runs = new Runs();
  accepted(runs, texts);
  runs.lost(lost);
  return runs;
}

describe("without a loss", () => {
  it.each([
    ["records of several runs", "a1 b1 a2 c1 b2 a3", "a1 b1 a2 c1 b2 a3"],
    ["a record that was sent twice", "a1 a2 a2 a1 a3", "a1 a2 a3"],
    ["a record that is missing, and sent again with its successors", "a1 a3 a4 a2 a3 a4", "a1 a2 a3 a4"],
    ["a run whose first record is sent again", "a2 a3 a1 a2 a3", "a1 a2 a3"],
  ])("counts each record of a run once and in order: %s", (_what, log, counting) => {
    expect(accepted(new Runs(), log)).toBe(counting);
  });
});

// Only the first run behind a lost part was allowed to leave numbers out. With several hubs on one log, all records of
// the other runs were skipped.
describe("behind a loss", () => {
  it.each([
    ["several runs go on", "a1 b1 c1", 4, "a3 b2 c4 a4 b3 c5", "a3 b2 c4 a4 b3 c5"],
    ["a run begins in the lost part", "a1", 2, "b2 a3 b3", "b2 a3 b3"],
    ["a run leaves out numbers only once", "a1", 9, "a3 a5 a4 a5", "a3 a4 a5"],
    ["no more numbers are left out than records are lost", "a1 b1", 2, "a3 b4 b3 b4", "a3 b3 b4"],
    ["a record from before the loss is skipped", "a1 a2", 5, "a2 a4", "a4"],
  ])("%s", (...[, before, lost, log, counting]) => {
    expect(accepted(behindLoss(before, lost), log)).toBe(counting);
  });

  it("a run that was silent goes on, and a run that began later leaves nothing out", () => {
    const runs = behindLoss("a1 b1", 5);
    expect(runs.accept({ run: "a", n: 2, atMs: 2000 })).toBe(true);
    const endMs = 2000 + runEndsAfterMs;
    expect(runs.accept({ run: "c", n: 2, atMs: endMs })).toBe(true);
    expect(runs.accept({ run: "d", n: 2, atMs: endMs + 1 })).toBe(false);
  });

  it("every record counts, whichever runs are interleaved and whichever part is lost", () => {
    const order = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(order, fc.nat(40), fc.nat(10), (runsInOrder, from, length) => {
        const log = numbered(runsInOrder);
        const lost = log.slice(from, from + length);
        const runs = new Runs();
        for (const head of log.slice(0, from)) expect(runs.accept(head)).toBe(true);
        if (lost.length > 0) runs.lost(lost.length);
        for (const head of log.slice(from + length)) expect(runs.accept(head)).toBe(true);
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it("a snapshot decides as the runs that it was made of, at any record and with any repetition", () => {
    const head = fc.record({ run: fc.constantFrom("a", "b", "c"), n: fc.integer({ min: 1, max: 6 }) });
    const event = fc.oneof(head, fc.record({ lost: fc.integer({ min: 1, max: 4 }) }));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(40), (events, at) => {
        let runs = new Runs();
        const whole = new Runs();
        for (const [index, each] of events.entries()) {
          if (index === at) runs = copyOf(runs);
          expect(apply(runs, each, index)).toBe(apply(whole, each, index));
        }
        expect(runs.save()).toEqual(whole.save());
      }),
      { seed: 12, numRuns: 500 },
    );
  });
});

function numbered(runsInOrder: readonly string[]): readonly Head[] {
  const last = new Map<string, number>();
  return runsInOrder.map((run, index) => {
    const n = (last.get(run) ?? 0) + 1;
    last.set(run, n);
    return { run, n, atMs: 1000 + index };
  });
}

function copyOf(runs: Runs): Runs {
  const copy = new Runs();
  for (const item of runs.save()) copy.load(JSON.parse(JSON.stringify(item)));
  return copy;
}

type Event = { readonly run: string; readonly n: number } | { readonly lost: number };

/** Undefined for a loss. The time of each event is a quarter of an hour after the one before. */
function apply(runs: Runs, event: Event, index: number): boolean | undefined {
  if (!("lost" in event)) return runs.accept({ ...event, atMs: (index * runEndsAfterMs) / 4 });
  runs.lost(event.lost);
  return undefined;
}
