import * as fc from "fast-check";
import { expect, it } from "vitest";
import { mercurePath, publishPath, streamPath } from "../../../src/protocol.js";
import { RefusalLog } from "../../../src/gateway/refusals/refusal-log.js";
import { silentLogger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { SubscribeWorld } from "../subscribe-world.js";

const seed = 20_261_130;

/** The page's origin; the worlds of these tests list it. */
const origin = "https://hub.example";

const paths = fc.oneof(
  fc.constantFrom(
    streamPath,
    mercurePath,
    publishPath,
    `${publishPath}/a`,
    `${streamPath}/`,
    "/",
    "//",
    "*",
    "/index.html",
  ),
  fc.webPath(),
  fc.string().map((text) => `/${text}`),
);
const request = fc.record({
  method: fc.constantFrom(
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "QUERY",
    "OPTIONS",
    "FOO",
  ),
  path: paths,
  query: fc.constantFrom(
    "",
    "topic=a%23",
    "topic=",
    "match=",
    "last_event_id=%00",
    "topic=a&authorization=x",
  ),
  body: fc.constantFrom("", "x", "topic=", "{}"),
  headers: fc.constantFrom<Readonly<Record<string, string>>>(
    {},
    { authorization: "Bearer" },
    { authorization: "Bearer x" },
    { authorization: "Basic eA==" },
    { "content-type": "image/png" },
    { "content-length": "99999999999" },
  ),
});

it(`every error of every path is the hub's own by its instance, and pages of listed origins can read it (seed ${seed})`, async () => {
  // Something between the client and the hub can answer 404 or 403, too. The library gives up only after an answer of
  // the hub itself.
  const log = new RefusalLog({
    logger: silentLogger,
    metrics: silentMetrics,
    clock: new VirtualClock(),
    clients: { clientOf: () => ({ address: "198.51.100.9" }) },
  });
  const world = new SubscribeWorld(log);
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ headers, ...asked }) => {
      const { answer } = await world.ask({ ...asked, headers: { ...headers, origin } }, () => undefined);
      const status = answer.kind === "reply" ? answer.status : 200;
      statuses.add(status);
      fc.pre(answer.kind === "reply" && status >= 400);
      const sent = new Map(answer.headers);
      expect(sent.get("Content-Type")).toBe("application/problem+json");
      expect(sent.get("Access-Control-Allow-Origin")).toBe(origin);
      const body = answer.kind === "reply" ? answer.body.toString() : "";
      expect(
        body === "" && asked.method === "HEAD"
          ? "urn:uuid:"
          : (JSON.parse(body) as { instance: string }).instance,
      ).toMatch(/^urn:uuid:/);
    }),
    { seed, numRuns: 1000 },
  );
  for (const status of [400, 401, 404, 405, 413]) expect([...statuses]).toContain(status);
});
