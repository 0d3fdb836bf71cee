import { expect, it } from "vitest";
import { startSite } from "../contract/site.js";
import type { Site } from "../contract/site.js";

/**
 * Sends these lines to the hub, as a program on the hub's machine does. Resolves with the status and the body of the
 * response.
 */
async function publish(site: Site, body: string, key?: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${site.port}/publish`, {
    method: "POST",
    headers: {
      "content-type": "application/x-ndjson",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body,
  });
  const answer = (await response.json()) as { readonly detail?: string; readonly ids?: readonly string[] };
  return [response.status, answer.detail ?? answer.ids?.length];
}

it("bounds what one request publishes, and what is remembered of it, as the settings say", async () => {
  const site = await startSite("http", {
    settings: {
      PHAROS_OPEN: "on",
      PHAROS_LIMITS_PUBLICATIONS_PER_REQUEST: "2",
      PHAROS_LIMITS_LINES_PER_REQUEST: "3",
      PHAROS_LIMITS_IDEMPOTENCY_ANSWERS: "1",
      PHAROS_LIMITS_ID_BYTES: "20",
    },
  });
  const line = '{"topic":"a","data":""}\n';
  expect(await publish(site, line.repeat(2))).toEqual([200, 2]);
  expect(await publish(site, line.repeat(3))).toEqual([413, "a request may have at most 2 publications"]);
  expect(await publish(site, `\n\n\n${line}`)).toEqual([413, "a request may have at most 3 lines"]);
  expect((await publish(site, line, "k".repeat(21)))[0]).toBe(400);
  const published = (): number => site.figure("publications_total");
  const before = published();
  for (const key of ["one", "one", "two", "one"]) expect(await publish(site, line, key)).toEqual([200, 1]);
  expect(published() - before, "the third has made the hub forget the first").toBe(3);
});
