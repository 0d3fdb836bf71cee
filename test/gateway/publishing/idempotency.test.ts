import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdempotencyWindow, type Attempt } from "../../../src/gateway/publishing/idempotency.js";
import { Answers } from "../../../src/journal/answers.js";
import type { Ids } from "../../../src/journal/answers.js";
import type { IdempotencyLimits } from "../../../src/limits/publications.js";
import { defaultIdempotencyLimits } from "../../../src/limits/publications.js";
import { VirtualClock } from "../../support/virtual-clock.js";

function open(limits: Partial<IdempotencyLimits> = {}) {
  const clock = new VirtualClock();
  const answers = new Answers({ ...defaultIdempotencyLimits, ...limits });
  const journal = { answerTo: (name: string) => answers.find(name, clock.monotonic()) };
  const window = new IdempotencyWindow({ journal });
  // The journal remembers what the work has published.
  const once = (attempt: Attempt, work: () => Promise<Ids>): Promise<Ids> =>
    window.once(attempt, async (name) => {
      const ids = await work();
      answers.remember(name, ids, clock.monotonic());
      return ids;
    });
  return { clock, answers, window: { once } };
}

const attempt = (key: string, publisher = "p") => ({ publisher, key });

describe("IdempotencyWindow", () => {
  it("answers a repeat with the first answer, and does nothing", async () => {
    const { window } = open();
    expect(await window.once(attempt("k"), async () => ["first"])).toEqual(["first"]);
    expect(await window.once(attempt("k"), () => Promise.reject(new Error("done again")))).toEqual(["first"]);
  });

  it("lets a repeat wait for the first while that is under way", async () => {
    const { window } = open();
    let finish: (answer: Ids) => void = () => undefined;
    let count = 0;
    const work = (): Promise<Ids> => {
      count += 1;
      return new Promise((resolve) => (finish = resolve));
    };
    const both = [window.once(attempt("k"), work), window.once(attempt("k"), work)];
    await Promise.resolve();
    finish(["first"]);
    expect(await Promise.all(both)).toEqual([["first"], ["first"]]);
    expect(count).toBe(1);
  });

  it("forgets a failure, which all who waited are told", async () => {
    const { window } = open();
    const failing = (): Promise<Ids> => Promise.reject(new Error("refused"));
    const both = [window.once(attempt("k"), failing), window.once(attempt("k"), failing)];
    for (const one of both) await expect(one).rejects.toThrow("refused");
    const throwing = (): Promise<Ids> => {
      throw new Error("at once");
    };
    await expect(window.once(attempt("k"), throwing)).rejects.toThrow("at once");
    expect(await window.once(attempt("k"), async () => ["second"])).toEqual(["second"]);
  });

  it.each([
    [attempt("k", "p"), attempt("k", "q")],
    [attempt("k", "p"), attempt("l", "p")],
    [attempt("b c", "a"), attempt("c", "a b")],
    [attempt('" k', "p"), attempt("k", 'p" "')],
  ])("keeps %j and %j apart", async (one, other) => {
    const { window } = open();
    await window.once(one, async () => ["one"]);
    expect(await window.once(other, async () => ["other"])).toEqual(["other"]);
  });

  it.each(["", "x".repeat(257), "é".repeat(129), "a\nb", "\u0000"])("refuses the key %j", async (key) => {
    const { window } = open();
    await expect(window.once(attempt(key), async () => ["x"])).rejects.toMatchObject({ code: "bad-request" });
  });

  it("never does twice what succeeded within its window, nor holds more than it may", async () => {
    const keys = fc.constantFrom("a", "b", "c", "d");
    const steps = fc.array(fc.record({ key: keys, waitMs: fc.nat(400), fails: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const { clock, answers, window } = open({ answers: 3, ageSeconds: 1 });
        const model = new Map<string, { readonly answer: string; readonly at: number }>();
        for (const [n, { key, waitMs, fails }] of given.entries()) {
          clock.advance(waitMs);
          const now = clock.monotonic();
          for (const [name, { at }] of model) if (now >= at + 1000) model.delete(name);
          const work = async (): Promise<Ids> => {
            if (fails) throw new Error("refused");
            return [String(n)];
          };
          const expected = model.get(key)?.answer ?? (fails ? "refused" : String(n));
          const [answer] = await window.once(attempt(key), work).catch((error: Error) => [error.message]);
          expect(answer).toBe(expected);
          if (!model.has(key) && !fails) model.set(key, { answer: expected, at: now });
          if (model.size > 3) model.delete([...model.keys()][0] ?? "");
          expect(answers.size).toBeLessThanOrEqual(3);
        }
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
  });
});
