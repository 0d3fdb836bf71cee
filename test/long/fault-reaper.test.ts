import { describe, expect, it, onTestFinished } from "vitest";
import { linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { startMongrel2 } from "../support/mongrel2-server.js";

const clients = 50;
/**
 * The server closes a connection 3 s after the connection's last ping, and checks every second. The defaults are 120 s
 * and 10 s.
 */
const settings = { "limits.min_ping": 3, "limits.tick_timer": 1 };

async function openQuietStreams(mode: "shipped" | "stock", keepAlive: number): Promise<LoadGroup> {
  const server = await startMongrel2({ mode, settings });
  onTestFinished(() => server.stop());
  const hub = await startHubBehind({
    mongrel2: [linkTo(server)],
    args: ["--keep-alive", String(keepAlive), "--heartbeat", "3600"],
  });
  expect(hub.ready.size).toBeGreaterThan(0);
  return startLoadClients().open({ name: `--keep-alive ${keepAlive}`, clients, port: server.port });
}

describe.each(["shipped", "stock"] as const)("the idle reaper of Mongrel2 (%s)", (mode) => {
  it("closes every quiet stream without keep-alive, and none with it", async () => {
    const kept = await openQuietStreams(mode, 1);
    const control = await openQuietStreams(mode, 0);
    const begin = performance.now();
    await control.waitCount("closed", { atLeast: clients, within: 60_000 });
    const lostAfter = performance.now() - begin;
    // The test opens more clients, and the server closes these clients. By then, each kept stream has been silent for
    // more than twice the limit.
    const later = await openQuietStreams(mode, 0);
    await later.waitCount("closed", { atLeast: clients, within: 60_000 });
    const quietFor = performance.now() - begin;
    printFigures(`Quiet streams behind Mongrel2 (${mode}) with limits.min_ping 3`, [
      `without keep-alive all ${clients} lost within ${(lostAfter / 1000).toFixed(1)} s`,
      `with it watched for ${(quietFor / 1000).toFixed(1)} s`,
      ...groupLines([await kept.snapshot(), await control.snapshot()]),
    ]);
    expect(await kept.faults()).toEqual({});
    expect((await kept.snapshot()).counts.open).toBe(clients);
  });
});
