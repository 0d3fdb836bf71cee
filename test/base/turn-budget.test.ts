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
});
