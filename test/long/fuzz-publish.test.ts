import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzedGateway, hostileRequest } from "../protocols/pharos/publish-fuzz.js";
import { printFigures } from "../support/load/figures.js";

const seed = 20_261_121;
const numRuns = 100_000;

/** A request normally needs less than a millisecond, but a busy machine may delay the request. */
const mostMs = 2000;

test(`${numRuns} hostile requests to publish: no failure, nothing published that was refused, no event injected (seed ${seed})`, async () => {
  const gateway = new FuzzedGateway();
  const startedAt = performance.now();
  await fc.assert(
    fc.asyncProperty(hostileRequest, (request) => gateway.take(request)),
    { seed, numRuns },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const answers = [...gateway.statuses]
    .toSorted(([one], [other]) => one - other)
    .map(([status, count]) => `${status}: ${count}`);
  printFigures(`${numRuns} hostile requests to publish`, [
    `${answers.join(", ")}; ${seconds.toFixed(1)} s, the slowest ${gateway.slowestMs.toFixed(0)} ms`,
  ]);
  expect(gateway.statuses.get(200)).toBeGreaterThan(numRuns / 100);
  expect(gateway.slowestMs).toBeLessThan(mostMs);
});
