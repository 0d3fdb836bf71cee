import { expect, it, onTestFinished } from "vitest";
import { systemClock as clock } from "../../../src/app/system-clock.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { silentLogger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { LocalTicket } from "../../../src/delivery/joining/local-ticket.js";
import { Mongrel2Front } from "../../../src/fronts/mongrel2/mongrel2-front.js";
import { readRights } from "../../../src/gateway/access/read-rights.js";
import { eventStreamFormat } from "../../../src/gateway/formats/event-stream.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import type { StreamStart } from "../../../src/gateway/http/messages.js";
import type { Handler } from "../../../src/gateway/http/resource.js";
import { Hub } from "../../../src/hub/hub.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import { defaultFanoutLimits } from "../../../src/limits/fanout.js";
import { type FakeMongrel2, startFakeMongrel2 } from "../../support/fake-mongrel2.js";
import { waitFor } from "../../support/wait-for.js";

const within = 20_000;

/** A ticket for a stream that no front opens in these tests. The gateway reads it to add chunks. */
const unusedTicket = new LocalTicket({
  subscription: { format: eventStreamFormat, filters: [], rights: readRights(undefined) },
  lastEventId: undefined,
});

/** A front behind a fake server, with one resource at `/stream`. */
async function startFront(get: Handler): Promise<FakeMongrel2> {
  const server = await startFakeMongrel2();
  const epoch = parseEpoch("e");
  if (epoch === undefined) throw new Error("this is an epoch");
  const gateway = new Gateway({ resources: [{ path: "/stream", methods: { GET: get } }], corsOrigins: [] });
  const front = new Mongrel2Front({
    name: "mongrel2-1",
    sendSpec: server.sendSpec,
    recvSpec: server.recvSpec,
    targets: 128,
    keepAliveMs: 0,
    roundBytes: 65_536,
    windowBytes: 65_536,
    gateway,
    hub: new Hub({
      history: new MemoryHistory({ epochs: EpochChain.of(epoch), clock, metrics: silentMetrics }),
      clock,
    }),
    fanout: defaultFanoutLimits,
    clock,
    logger: silentLogger,
    metrics: silentMetrics,
  });
  await front.start();
  onTestFinished(() => front.close());
  await waitFor(() => front.linkState === "up", { within, missing: "the link is not up" });
  return server;
}

/** A stream that the front must not open. `abandoned` counts how often the front abandons it. */
function countedStart(extra: Partial<StreamStart> = {}): { readonly start: StreamStart; abandoned: number } {
  const counted = {
    abandoned: 0,
    start: {
      kind: "stream" as const,
      headers: [],
      opening: Buffer.alloc(0),
      ticket: unusedTicket,
      expiresAtMs: undefined,
      opened: (): never => {
        throw new Error("the stream has been opened");
      },
      abandoned: (): void => {
        counted.abandoned += 1;
      },
      ...extra,
    },
  };
  return counted;
}

it("abandons a stream whose client has disconnected before the answer", async () => {
  const counted = countedStart();
  let asked = false;
  const server = await startFront((request) => {
    asked = true;
    const signal = request.disconnectSignal();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(counted.start), { once: true });
    });
  });
  await server.request(1, "/stream");
  await waitFor(() => asked, { within, missing: "the request has not come" });
  await server.disconnect(1);
  await waitFor(() => counted.abandoned > 0, { within, missing: "the stream has not been abandoned" });
  expect(counted.abandoned).toBe(1);
  expect(server.bodiesOf(1)).toEqual([]);
});

it("abandons a WebSocket that does not begin with a handshake of the server", async () => {
  const counted = countedStart({ dialogue: {} });
  const server = await startFront(() => counted.start);
  await server.request(1, "/stream");
  await server.changes.until(() => server.bodiesOf(1).length > 0, { within, missing: "no refusal has come" });
  expect(server.bodiesOf(1)[0]).toMatch(/^HTTP\/1\.1 400 /);
  expect(counted.abandoned).toBe(1);
});
