import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzedSubscriptions, hostileCookie, hostileQuery } from "../gateway/subscribe-fuzz.js";
import { printFigures } from "../support/load/figures.js";

const seed = 20_261_121;
const numRuns = 100_000;

/** The slowest request normally needs about 300 ms, but a busy machine may delay the request. */
const mostMs = 2000;

test.each([
  ["queries", hostileQuery],
  ["cookies", hostileCookie],
] as const)(
  `${numRuns} hostile %s: no failure, no event on a stream that may not have it (seed ${seed})`,
  async (name, request) => {
    const hub = new FuzzedSubscriptions();
    const startedAt = performance.now();
    await fc.assert(
      fc.asyncProperty(request, (given) => hub.take(given)),
      { seed, numRuns },
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const answers = [...hub.statuses]
      .toSorted(([one], [other]) => one - other)
      .map(([status, count]) => `${status}: ${count}`);
    printFigures(`${numRuns} hostile ${name}`, [
      `${answers.join(", ")}; ${seconds.toFixed(1)} s, the slowest ${hub.slowestMs.toFixed(0)} ms`,
      `events delivered: ${hub.events.public} public, ${hub.events.private} private to those who may read them`,
    ]);
    expect(hub.events.private).toBeGreaterThan(numRuns / 100);
    expect(hub.slowestMs).toBeLessThan(mostMs);
  },
);
