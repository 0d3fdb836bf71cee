import { array, assert, asyncProperty, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { TurnBudget } from "../../src/base/turn-budget.js";
import { VirtualClock } from "../support/virtual-clock.js";

/** A clock whose time can advance without the end of the current turn of the event loop. */
class OpenTurnClock extends VirtualClock {
  laterMs = 0;

  override monotonic(): number {
    return this.laterMs;
  }
}

describe("a turn's budget", () => {
  it("lasts for its milliseconds from the first call, then asks for a pause until the next turn", async () => {
    const clock = new OpenTurnClock();
    const budget = new TurnBudget(clock, 5);
    expect(budget.pauseIfUsedUp()).toBeUndefined();
    clock.laterMs = 4;
    expect(budget.pauseIfUsedUp()).toBeUndefined();
    clock.laterMs = 5;
    const pause = budget.pauseIfUsedUp();
    expect(pause).toBeInstanceOf(Promise);
    clock.runEndOfTurn();
    await pause;
    expect(budget.pauseIfUsedUp(), "the next turn has a new budget").toBeUndefined();
  });

  it("is new in each turn, also if the turn before used it up and nobody asked again", () => {
    const clock = new OpenTurnClock();
    const budget = new TurnBudget(clock, 5);
    budget.isUsedUp();
    clock.laterMs = 100;
    clock.runEndOfTurn();
    expect(budget.isUsedUp()).toBe(false);
  });

  it("is shared: several actions for the next turn have one budget", () => {
    const clock = new OpenTurnClock();
    const budget = new TurnBudget(clock, 5);
    budget.isUsedUp();
    const seen: boolean[] = [];
    for (let action = 0; action < 3; action += 1) {
      budget.nextTurn(() => {
        seen.push(budget.isUsedUp());
        clock.laterMs += 5;
      });
    }
    clock.runEndOfTurn();
    expect(seen).toEqual([false, true, true]);
  });

  // Bug: each of twenty requests with a list had a budget of its own, so together they held the hub for 100 ms a turn.
  it("is shared by all loops, and each does one item before the others do the next", () => {
    const loops = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    return assert(
      asyncProperty(loops, integer({ min: 1, max: 20 }), async (counts, workMs) => {
        const clock = new OpenTurnClock();
        const budget = new TurnBudget(clock, 5);
        const done = counts.map(() => 0);
        const work = (loop: number) => (): void => {
          done[loop] = (done[loop] ?? 0) + 1;
          clock.laterMs += workMs;
        };
        for (const [loop, count] of counts.entries())
          void budget.map(Array.from({ length: count }), work(loop));
        const isOver = (): boolean => done.every((each, loop) => each === counts[loop]);
        let startMs = clock.laterMs;
        while (!isOver()) {
          await new Promise((resolve) => setImmediate(resolve));
          expect(clock.laterMs - startMs).toBeLessThan(5 + workMs);
          const unfinished = done.filter((each, loop) => each < (counts[loop] ?? 0));
          expect(Math.max(0, ...unfinished) - Math.min(...unfinished, Number.MAX_VALUE)).toBeLessThanOrEqual(
            1,
          );
          startMs = clock.laterMs;
          clock.runEndOfTurn();
        }
        expect(done).toEqual(counts);
      }),
      { numRuns: 100, seed: 9 },
    );
  });
});
