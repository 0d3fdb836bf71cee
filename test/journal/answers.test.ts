import { describe, expect, it } from "vitest";
import { array, assert, constantFrom, integer, nat, property, record } from "fast-check";
import { PharosError } from "../../src/base/errors.js";
import { Answers } from "../../src/journal/answers.js";
import { defaultIdempotencyLimits } from "../../src/limits/publications.js";
import type { IdempotencyLimits } from "../../src/limits/publications.js";

function answersOf(limits: Partial<IdempotencyLimits>): Answers {
  return new Answers({ ...defaultIdempotencyLimits, ...limits });
}

function known(answers: Answers, nowMs: number): string[] {
  return ["a", "b", "c", "d"].filter((name) => answers.find(name, nowMs) !== undefined);
}

describe("answers", () => {
  it("are forgotten when their time is over", () => {
    const answers = answersOf({ ageSeconds: 1 });
    answers.remember("a", ["1"], 5000);
    expect(answers.find("a", 5999)).toEqual(["1"]);
    expect(answers.find("a", 6000)).toBeUndefined();
  });

  // A hub that asked early forgot an answer that the other hubs on the same log still gave.
  it("are not forgotten when somebody asks for them", () => {
    const answers = answersOf({ ageSeconds: 1 });
    answers.remember("a", ["1"], 5000);
    const items = [...answers.save()];
    expect(answers.find("a", 9000)).toBeUndefined();
    expect([...answers.save()]).toEqual(items);
    answers.remember("a", ["2"], 9000);
    expect(answers.find("a", 9000)).toEqual(["2"]);
    expect(answers.size).toBe(1);
  });

  it("are forgotten, the oldest first, when there are too many", () => {
    const answers = answersOf({ answers: 2 });
    for (const name of ["a", "b", "c"]) answers.remember(name, [name], 0);
    expect(known(answers, 0)).toEqual(["b", "c"]);
  });

  it("are forgotten, the oldest first, when they are too large together", () => {
    const answers = answersOf({ bytes: 2500 });
    for (const name of ["a", "b", "c"]) answers.remember(name, [name.repeat(1000)], 0);
    expect(known(answers, 0)).toEqual(["b", "c"]);
  });

  it("obey other limits at once", () => {
    const answers = answersOf({});
    for (const name of ["a", "b", "c"]) answers.remember(name, [name], 0);
    answers.limitBy({ ...defaultIdempotencyLimits, answers: 1 });
    expect(known(answers, 0)).toEqual(["c"]);
  });

  it.each([
    null,
    {},
    { name: "a", ids: "1", at: 0 },
    { name: "a", ids: [1], at: 0 },
    { name: 1, ids: [], at: 0 },
  ])("are not loaded from %j", (item) => {
    expect(() => new Answers().load(item)).toThrow(PharosError);
  });

  it("after a snapshot and the same requests again, are those without a restart", () => {
    const request = record({
      name: constantFrom("a", "b", "c", "d"),
      waitMs: nat(400),
      ids: integer({ min: 1, max: 9 }),
    });
    assert(
      property(array(request, { maxLength: 40 }), nat(40), nat(3), (requests, begin, kind) => {
        const limits = [{ answers: 3 }, { bytes: 800 }, { ageSeconds: 1 }, {}][kind] ?? {};
        const lasting = answersOf(limits);
        const restarted = answersOf(limits);
        let nowMs = 0;
        let items: Iterable<unknown> | undefined;
        const apply = (answers: Answers, { name, ids }: (typeof requests)[number]): void => {
          if (answers.find(name, nowMs) === undefined)
            answers.remember(
              name,
              Array.from({ length: ids }, (_each, n) => `${nowMs}:${n}`),
              nowMs,
            );
        };
        requests.forEach((each, index) => {
          if (index === begin) items = lasting.save();
          nowMs += each.waitMs;
          apply(lasting, each);
        });
        // The items are read after the requests that came meanwhile.
        for (const item of JSON.parse(JSON.stringify([...(items ?? lasting.save())])) as unknown[])
          restarted.load(item);
        const endMs = nowMs;
        nowMs = requests.slice(0, begin).reduce((sum, { waitMs }) => sum + waitMs, 0);
        for (const each of requests.slice(begin)) {
          nowMs += each.waitMs;
          apply(restarted, each);
        }
        expect(nowMs).toBe(endMs);
        expect([...restarted.save()]).toEqual([...lasting.save()]);
        expect(known(restarted, endMs + 500)).toEqual(known(lasting, endMs + 500));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
