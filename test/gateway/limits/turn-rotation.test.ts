import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { TurnRotation, requestsPerTurn } from "../../../src/gateway/limits/turn-rotation.js";
import { TurnByTurn } from "../../support/turn-by-turn.js";

const budgetMs = 5;

/** Work of one client: the time of each step, and true if a request begins in it. */
type Work = readonly { readonly ms: number; readonly isRequest: boolean }[];

/** Does all work. Returns the time, the requests and the clients of each turn, in the order of the steps. */
function turnsOf(clients: readonly Work[], run: "run" | "runLater") {
  const clock = new TurnByTurn();
  const rotation = new TurnRotation(new TurnBudget(clock, budgetMs));
  const turns = [{ ms: 0, requests: 0, order: [] as number[] }];
  clients.forEach((work, client) => {
    let done = 0;
    rotation[run](() => {
      const step = work[done] ?? { ms: 0, isRequest: false };
      done += 1;
      clock.nowMs += step.ms;
      if (step.isRequest) rotation.countRequest();
      const turn = turns.at(-1);
      if (turn !== undefined) {
        turn.ms += step.ms;
        turn.requests += Number(step.isRequest);
        turn.order.push(client);
      }
      return done < work.length;
    });
  });
  do turns.push({ ms: 0, requests: 0, order: [] });
  while (clock.endTurn());
  return turns;
}

const step = fc.record({
  // Most steps are short, so that the requests of a turn are used up before its time.
  ms: fc.constantFrom(0, 0, 0, 0, 1, 2),
  isRequest: fc.boolean(),
});
const clients = fc.array(fc.array(step, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 20 });

describe("a rotation", () => {
  // Bug: each client had time and requests of its own. Twenty clients used twenty times as much of a turn.
  it("shares the time and the requests of a turn among all clients, and does all their work", () => {
    fc.assert(
      fc.property(clients, fc.constantFrom("run" as const, "runLater" as const), (all, run) => {
        const turns = turnsOf(all, run);
        for (const { ms, requests } of turns) {
          expect(ms).toBeLessThan(budgetMs + 2);
          expect(requests).toBeLessThanOrEqual(requestsPerTurn);
        }
        const steps = turns.flatMap(({ order }) => order);
        all.forEach((work, client) =>
          expect(steps.filter((each) => each === client)).toHaveLength(work.length),
        );
      }),
      { seed: 20_261_130, numRuns: 500 },
    );
  });

  it("does one step of each client in turn", () => {
    fc.assert(
      fc.property(clients, (all) => {
        const left = all.map((work) => work.length);
        let waiting = [...left.keys()];
        for (const client of turnsOf(all, "runLater").flatMap(({ order }) => order)) {
          expect(client).toBe(waiting[0]);
          left[client] = (left[client] ?? 0) - 1;
          waiting = [...waiting.slice(1), ...(left[client] > 0 ? [client] : [])];
        }
        expect(waiting).toEqual([]);
      }),
      { seed: 20_261_130, numRuns: 200 },
    );
  });

  it("does all work of 10,000 clients in order", () => {
    const all = Array.from({ length: 10_000 }, () =>
      Array.from({ length: 3 }, () => ({ ms: 1, isRequest: false })),
    );
    const order = turnsOf(all, "runLater").flatMap((turn) => turn.order);
    expect(order).toEqual(Array.from({ length: 30_000 }, (_, index) => index % 10_000));
  });
});
