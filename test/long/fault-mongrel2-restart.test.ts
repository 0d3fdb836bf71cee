import { describe, expect, it } from "vitest";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { lastSequence, startProducer } from "../support/producer.js";
import { startTwoHandlers, otherClientFaults } from "../support/two-handlers.js";

const clients = 300;
const otherClients = 20;
const restarts = 3;

describe.each(["shipped", "stock"] as const)("Mongrel2 (%s), killed and started again under load", (mode) => {
  it("its clients resume with no gap and no duplicate, and another handler's clients notice nothing", async () => {
    const environment = await startTwoHandlers({ mode });
    await environment.openOtherClients(otherClients);
    const hub = await environment.startHub();
    // The clients of Pharos reconnect after two seconds, so that the second handler's clients connect first and get the
    // low ids of the new run.
    const group = await startLoadClients().open({
      name: mode,
      clients,
      port: environment.server.port,
      firstSequence: 1,
      reconnect: { delayMs: 2000 },
    });
    const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond: 300 } });
    const lines: string[] = [];
    for (let run = 1; run <= restarts; run += 1) {
      const sent = lastSequence(await producer.state());
      await group.waitSequence({ atLeast: sent + 300, within: 30_000 });
      expect(otherClientFaults(await environment.otherHandler.report())).toEqual({});
      environment.otherHandler.dropClients();
      const killedAt = performance.now();
      await environment.server.restart();
      await environment.openOtherClients(otherClients);
      const { ids } = await environment.otherHandler.state();
      expect(Math.max(...ids), "the second handler's clients hold the low ids").toBeLessThan(clients);
      await group.waitCount("closed", { atLeast: run * clients, within: 10_000 });
      await group.waitOpen({ within: 60_000 });
      const openAfter = ((performance.now() - killedAt) / 1000).toFixed(1);
      lines.push(
        `run ${run}: all open ${openAfter} s after the kill; otherClients ${ids[0]} to ${ids.at(-1)}`,
      );
    }
    // The server's clock ticks every 10 s. Only after a tick can the hub mistake another handler's client for an
    // orphan.
    const untilTick = lastSequence(await producer.state()) + 12 * 300;
    await group.waitSequence({ atLeast: untilTick, within: 60_000 });
    const sent = lastSequence(await producer.stop());
    await group.waitSequence({ atLeast: sent - 1, within: 30_000 });
    const snapshot = await group.snapshot();
    const report = await environment.otherHandler.report();
    printFigures(`Mongrel2 (${mode}) killed and restarted ${restarts} times, 300 publications/s`, [
      ...lines,
      ...groupLines([snapshot]),
      `otherClients: ${report.clients} clients, ${report.closed} closed, ${report.foreign} with foreign bytes`,
    ]);
    expect(otherClientFaults(report)).toEqual({});
    expect(await group.faults(["closed", "unreachable"])).toEqual({});
    expect(snapshot.counts).toMatchObject({ open: clients, closed: restarts * clients });
  });

  it("while Pharos was stopped: after it continues, its clients resume and another handler's clients notice nothing", async () => {
    const environment = await startTwoHandlers({ mode });
    const hub = await environment.startHub();
    const group = await startLoadClients().open({
      name: mode,
      clients,
      port: environment.server.port,
      firstSequence: 1,
      reconnect: { delayMs: 3000 },
    });
    const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond: 300 } });
    await group.waitSequence({ atLeast: 300, within: 30_000 });
    hub.signal("SIGSTOP");
    await environment.server.restart();
    await environment.openOtherClients(otherClients);
    hub.signal("SIGCONT");
    await group.waitCount("closed", { atLeast: clients, within: 10_000 });
    await group.waitOpen({ within: 60_000 });
    const sent = lastSequence(await producer.stop());
    await group.waitSequence({ atLeast: sent - 1, within: 30_000 });
    const { ids } = await environment.otherHandler.state();
    const report = await environment.otherHandler.report();
    printFigures(`Mongrel2 (${mode}) restarted while Pharos was stopped`, [
      ...groupLines([await group.snapshot()]),
      `otherClients ${ids[0]} to ${ids.at(-1)}: ${report.closed} closed, ${report.foreign} with foreign bytes`,
    ]);
    expect(otherClientFaults(report)).toEqual({});
    expect(await group.faults(["closed", "unreachable"])).toEqual({});
  });
});
