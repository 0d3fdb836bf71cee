import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { HistoryLimits } from "../../../../src/limits/history.js";
import { damage, faultsOf, step } from "../log-model.js";
import type { Step } from "../log-model.js";

const limits = fc.constantFrom<Partial<HistoryLimits>>(
  {},
  { topicEvents: 2 },
  { bytes: 3000 },
  { topics: 2 },
  { topicEvents: 1, topics: 3 },
);

const steps = (each: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> =>
  fc.array(each, { minLength: 10, maxLength: 60 });

it.each([
  ["whole", steps(step), 1400],
  ["damaged", steps(fc.oneof({ weight: 20, arbitrary: step }, { weight: 1, arbitrary: damage })), 700],
])("every reader of a %s log gets each entry once and in order, or a gap", async (_, all, numRuns) => {
  await fc.assert(
    fc.asyncProperty(limits, all, async (some, each) => {
      expect(await faultsOf(some, each)).toEqual([]);
    }),
    { seed: 20_261_130, numRuns },
  );
});
