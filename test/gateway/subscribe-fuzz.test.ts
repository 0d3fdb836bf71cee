import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzedSubscriptions, hostileCookie, hostileQuery } from "./subscribe-fuzz.js";

const seed = 20_261_121;

test.each([
  ["queries", hostileQuery, [200, 400, 401]],
  ["cookies", hostileCookie, [200, 401, 403]],
] as const)(
  "hostile %s are refused or open streams of what may be read (seed 20261121)",
  async (_name, request, statuses) => {
    const hub = new FuzzedSubscriptions();
    await fc.assert(
      fc.asyncProperty(request, (given) => hub.take(given)),
      { seed, numRuns: 2000 },
    );
    expect([...hub.statuses.keys()]).toEqual(expect.arrayContaining([...statuses]));
    expect(hub.events.public).toBeGreaterThan(0);
    expect(hub.events.private, "who may read it gets it").toBeGreaterThan(0);
  },
);
