import { describe, expect, it } from "vitest";
import type { HubProcess } from "../support/hub-process.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { lastSequence, startProducer, type Producer } from "../support/producer.js";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.js";
import { startTwoHandlers, otherClientFaults } from "../support/two-handlers.js";

const clients = 200;
const otherClients = 10;
const perSecond = 200;

function portOf(spec: string): number {
  return Number(spec.slice(spec.lastIndexOf(":") + 1));
}

/**
 * Waits until every client receives new publications. Returns the waiting time in seconds. Fails if a client stays open
 * but receives no publication.
 */
async function untilAllReceive(group: LoadGroup, producer: Producer): Promise<number> {
  const begin = performance.now();
  const sent = lastSequence(await producer.state());
  await group.waitSequence({ atLeast: sent + perSecond, within: 60_000 });
  await group.waitOpen({ within: 60_000 });
  return (performance.now() - begin) / 1000;
}

function countUps(hub: HubProcess): number {
  return hub.stderr.split("the link is up").length - 1;
}

describe.each(["shipped", "stock"] as const)("the TCP connections of a link to Mongrel2 (%s)", (mode) => {
  it("are cut one at a time, and no client stays open without events", async () => {
    const environment = await startTwoHandlers({ mode, transport: "tcp" });
    const { server } = environment;
    const proxies: Readonly<Record<"requests" | "responses", TcpProxy>> = {
      requests: await startTcpProxy({ target: portOf(server.sendSpec) }),
      responses: await startTcpProxy({ target: portOf(server.recvSpec) }),
    };
    await environment.openOtherClients(otherClients);
    const specs = {
      sendSpec: `tcp://127.0.0.1:${proxies.requests.port}`,
      recvSpec: `tcp://127.0.0.1:${proxies.responses.port}`,
      controlSpec: server.controlSpec,
    };
    const hub = await environment.startHub({ mongrel2: [linkTo(specs)] });
    const group = await startLoadClients().open({
      name: mode,
      clients,
      port: server.port,
      firstSequence: 1,
      reconnect: { delayMs: 500 },
    });
    await environment.openOtherClients(otherClients);
    const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond } });
    const lines: string[] = [];
    for (const cut of ["requests", "responses", "requests", "responses", "responses"] as const) {
      await untilAllReceive(group, producer);
      const before = await group.snapshot();
      const carried = proxies[cut].carried;
      proxies[cut].cut();
      await proxies[cut].waitCarried(carried + 1, { within: 10_000 });
      const seconds = await untilAllReceive(group, producer);
      const after = await group.snapshot();
      const closed = after.counts.closed - before.counts.closed;
      lines.push(
        `${cut} cut: all receive again after ${seconds.toFixed(1)} s, ${closed} streams closed, up ${countUps(hub)} times`,
      );
      await environment.openOtherClients(1);
      expect(otherClientFaults(await environment.otherHandler.report())).toEqual({});
    }
    const sent = lastSequence(await producer.stop());
    await group.waitSequence({ atLeast: sent - 1, within: 30_000 });
    const report = await environment.otherHandler.report();
    printFigures(`Link over TCP to Mongrel2 (${mode}), its connections cut by a proxy`, [
      ...lines,
      ...groupLines([await group.snapshot()]),
      `otherClients: ${report.clients} clients, ${report.closed} closed, ${report.foreign} with foreign bytes`,
    ]);
    expect(otherClientFaults(report)).toEqual({});
    expect(await group.faults(["closed", "unreachable"])).toEqual({});
    expect((await group.snapshot()).counts.open).toBe(clients);
  });
});
