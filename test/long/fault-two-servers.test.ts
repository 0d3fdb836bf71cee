import { describe, expect, it, onTestFinished } from "vitest";
import { queryStatus } from "../../src/fronts/mongrel2/link/status.js";
import { linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { serverUuid } from "../support/mongrel2-config.js";
import { startMongrel2, type Mongrel2Server } from "../support/mongrel2-server.js";
import { startProducer } from "../support/producer.js";

const clients = 50;
const count = 2000;

async function server(mode: "shipped" | "stock"): Promise<Mongrel2Server> {
  const started = await startMongrel2({ mode });
  onTestFinished(() => started.stop());
  return started;
}

async function ids(of: Mongrel2Server): Promise<ReadonlySet<number>> {
  const rows = await queryStatus(of.controlSpec, 5000);
  return new Set(rows.map(({ id }) => id));
}

describe("two Mongrel2 servers with one uuid, one sender uuid and the same connection ids", () => {
  it("carry each client its own stream", async () => {
    const [left, right] = [await server("shipped"), await server("stock")];
    const hub = await startHubBehind({ mongrel2: [linkTo(left), linkTo(right)] });
    const loadClients = startLoadClients();
    const shared = { clients, firstSequence: 1 };
    const a = await loadClients.open({
      ...shared,
      name: "left",
      port: left.port,
      topics: ["a"],
      streams: ["a"],
    });
    const b = await loadClients.open({
      ...shared,
      name: "right",
      port: right.port,
      topics: ["b"],
      streams: ["b"],
    });
    const others = await ids(right);
    const sameIds = [...(await ids(left))].filter((id) => others.has(id)).length;
    expect(sameIds, "connections with the same id on both servers").toBeGreaterThanOrEqual(clients - 5);
    const producer = await startProducer({
      endpoint: hub.ingest,
      count: 2 * count,
      pace: { kind: "rate", perSecond: 1000 },
      topics: [
        { topic: "a", stream: "a" },
        { topic: "b", stream: "b" },
      ],
    });
    await producer.done({ within: 30_000 });
    await a.waitSequence({ atLeast: count, within: 30_000 });
    await b.waitSequence({ atLeast: count, within: 30_000 });
    // The clients of one server leave. The hub must not confuse these clients with the clients of the other server.
    await a.leave();
    await loadClients.open({ name: "left again", clients, port: left.port, topics: ["a"], streams: ["a"] });
    const more = await startProducer({
      endpoint: hub.ingest,
      count,
      firstSequence: count + 1,
      topics: [{ topic: "b", stream: "b" }],
    });
    await more.done({ within: 30_000 });
    await b.waitSequence({ atLeast: 2 * count, within: 30_000 });
    printFigures(`Two Mongrel2 with the uuid ${serverUuid.slice(0, 8)}, one shipped, one stock`, [
      `${sameIds} of ${clients} connections have the same id on both`,
      ...groupLines([await a.snapshot(), await b.snapshot()]),
    ]);
    expect(await a.faults()).toEqual({});
    expect(await b.faults()).toEqual({});
    expect((await b.snapshot()).counts.open).toBe(clients);
  });
});
