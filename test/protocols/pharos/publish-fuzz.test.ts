import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzedGateway, hostileRequest } from "./publish-fuzz.js";

const seed = 20_261_121;

test(`hostile requests to publish are refused or become one event each (seed ${seed})`, async () => {
  const gateway = new FuzzedGateway();
  await fc.assert(
    fc.asyncProperty(hostileRequest, (request) => gateway.take(request)),
    { seed, numRuns: 2000 },
  );
  expect([...gateway.statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 403, 405, 415]));
});
