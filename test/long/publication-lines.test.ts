import * as fc from "fast-check";
import { expect, test } from "vitest";
import { bothResults, publicationLine } from "../journal/log/publication-lines.js";
import { printFigures } from "../support/load/figures.js";

const seed = 20_261_130;

/** `PHAROS_LINES`. */
const numRuns = Number(process.env["PHAROS_LINES"] ?? 3_000_000);

test(`${numRuns} changed lines of publications: the fast way reads and refuses what the slow way does (seed ${seed})`, () => {
  let read = 0;
  fc.assert(
    fc.property(publicationLine, (line) => {
      const [fast, slow] = bothResults(line);
      if (typeof slow === "object") read += 1;
      // The texts of equal objects are equal, and are compared much faster.
      expect(JSON.stringify(fast)).toBe(JSON.stringify(slow));
    }),
    { seed, numRuns },
  );
  printFigures(`${numRuns} changed lines of publications`, [`${read} were read, all others refused`]);
  expect(read).toBeGreaterThan(numRuns / 10);
});
