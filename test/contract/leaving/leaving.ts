import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldGauges } from "../../support/held-gauges.js";
import { hubUrl, issuer, olderToken, secret } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { within } from "../client.js";
import { holdsConnections, type FrontName } from "../differences.js";
import { startSite } from "../site.js";
import type { Site } from "../site.js";
import { ways } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { exchangesWith, largeBody, liveTopic, longTopic, waitingBody } from "./exchanges.js";
import type { CreateExchange } from "./exchanges.js";
import { connectUpTo, heldBy, leave, leaveEverywhere, untilNothingIsHeld } from "./leave.js";

const names = exchangesWith({ token: "", firstId: "" }).map(
  (create, index) => [create(0).name, index] as const,
);

export interface LeavingOptions {
  /** True if clients leave at each position in all ways. */
  readonly every: boolean;
  /** The worker processes of the HTTP front. @default 0 */
  readonly workers?: number;
}

/** Clients may leave at any byte of any exchange. Then the hub holds nothing for them. */
export function testLeaving(front: FrontName, options: LeavingOptions): void {
  const { every, workers = 0 } = options;
  describe(`clients that leave (${front}, ${workers} workers)`, () => {
    let site: Site | undefined;
    let token = "";
    let firstId = "";
    const seen = new Set<string>();
    const ends: (() => void | Promise<void>)[] = [];
    beforeAll(async () => {
      token = await olderToken({ publish: ["*"], subscribe: ["*"] });
      site = await startSite(front, {
        settings: { ...settings, PHAROS_WORKERS: String(workers) },
        onEnd: (action) => void ends.unshift(action),
      });
      firstId = await fill(site);
    });
    afterAll(async () => {
      for (const end of ends) await end();
    });

    it.each(names)("leave nothing behind at any byte of %s", async (_name, index) => {
      const create = exchangesWith({ token, firstId })[index];
      if (site === undefined || create === undefined) throw new Error("the hub has not been started");
      const running = site;
      const meanwhile = (): Promise<string> => running.publish({ topics: [liveTopic], data: "news" });
      expect(await leaveEverywhere(site, { create, meanwhile, every, seen })).toBeGreaterThan(0);
    });

    it.skipIf(!holdsBodies(front)).each(ways)(
      "leave nothing behind if the hub holds their bodies (%s)",
      async (way) => {
        if (site === undefined) throw new Error("the hub has not been started");
        const running = site;
        const connections = [];
        for (const { exchange, bytes } of bodiesOf(exchangesWith({ token, firstId })))
          connections.push(await connectUpTo(running, exchange, { step: 0, bytes, hasRead: false, way }));
        await waitFor(() => running.figure(bodyGauge) > 0, { within, missing: "the body of a client" });
        seen.add(bodyGauge);
        for (const connection of connections) leave(connection, { way });
        await expect(untilNothingIsHeld(running)).resolves.toBeUndefined();
      },
    );

    it("held something of each kind before", () => {
      expect(neededBy(front).filter((name) => !seen.has(name))).toEqual([]);
    });

    it("leave nothing behind in a worker, which reports once a second", async () => {
      const reportedMs = 2500;
      await delay(reportedMs);
      expect(site === undefined ? ["no hub"] : heldBy(site)).toEqual([]);
    });
  });
}

const settings = {
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
  PHAROS_LOG_LEVEL: "error",
  PHAROS_SUBSCRIPTIONS: "on",
  PHAROS_PUSH_STREAM: "/",
  PHAROS_CORS_ORIGIN: "https://app.example",
  // A heartbeat would find clients that have left unnoticed.
  PHAROS_HEARTBEAT: "300",
  PHAROS_TRUSTED_PROXY: "127.0.0.1",
  PHAROS_LIMITS_CONNECTIONS_PER_ADDRESS: "10000",
  PHAROS_LIMITS_REQUESTS_PER_ADDRESS: "1000000",
  PHAROS_LIMITS_PUBLISHES_PER_ADDRESS: "1000000",
};

/** Gauges that are above 0 for a moment only. The gauges of workers are a second old. */
const momentary: ReadonlySet<string> = new Set([
  "pending_bytes",
  "oldest_pending_seconds",
  "laggards",
  "worker_requests",
]);

/** The gauges that were above 0 while clients were connected, unless the exchanges hold nothing. */
function neededBy(front: FrontName): readonly string[] {
  const never = new Set([
    ...(holdsConnections(front) ? ["link_clients"] : []),
    ...(holdsBodies(front) ? [] : [bodyGauge]),
  ]);
  return heldGauges.filter((name) => !momentary.has(name) && !never.has(name));
}

/** A stock Mongrel2 sends the hub only whole bodies, and one request of a connection at a time: the hub holds none. */
function holdsBodies(front: FrontName): boolean {
  return front !== "mongrel2-stock";
}

const bodyGauge = "request_body_bytes";

/** A client of each kind of front whose body the hub holds: half a body, and a body behind an unanswered request. */
function bodiesOf(
  exchanges: readonly CreateExchange[],
): readonly { readonly exchange: Exchange; readonly bytes: number }[] {
  return exchanges.flatMap((create) => {
    const exchange = create(0);
    const bytes = exchange.steps[0]?.write.length ?? 0;
    if (exchange.name === largeBody) return [{ exchange, bytes: Math.floor(bytes / 2) }];
    return exchange.name === waitingBody ? [{ exchange, bytes }] : [];
  });
}

/** Publishes 6 MB, more than the buffers of a connection hold. Returns the first id. */
async function fill(site: Site): Promise<string> {
  const data = "x".repeat(200_000);
  const ids = await Promise.all(
    Array.from({ length: 30 }, () => site.publish({ topics: [longTopic], data })),
  );
  return ids[0] ?? "";
}
