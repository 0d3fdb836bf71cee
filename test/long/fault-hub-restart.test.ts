import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { queryStatus } from "../../src/fronts/mongrel2/link/status.js";
import type { HubProcess } from "../support/hub-process.js";
import { again, linkTo } from "../support/mongrel2-hub.js";
import { startLoadClients, type LoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { lastSequence, startProducer, type Producer } from "../support/producer.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";
import { startTwoHandlers, otherClientFaults, type TwoHandlers } from "../support/two-handlers.js";

const clients = 100;
const otherClients = 10;
const churned = 70_000;
const bulkBytes = 60_000;
const bulkEvents = Math.ceil(10_000_000 / bulkBytes);
const healsWithinMs = 60_000;
const downloadBytes = 64 * 1024 * 1024;

/** Starts a slow download of a file that Mongrel2 itself serves. */
async function startDownload(environment: TwoHandlers): Promise<RawConnection> {
  writeFileSync(join(environment.server.dir, "html", "large.txt"), Buffer.alloc(downloadBytes, "x"));
  const download = await connectRaw({ port: environment.server.port, bytesPerSecond: 200_000 });
  download.write("GET /large.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await download.readUntil("200 OK", { within: 10_000 });
  return download;
}

/** Kills the hub, runs `meanwhile`, and starts the hub again. Returns the seconds until all clients receive events. */
async function restartHub(
  killed: HubProcess,
  run: {
    readonly environment: TwoHandlers;
    readonly groups: readonly LoadGroup[];
    readonly producer: Producer;
    readonly meanwhile?: () => Promise<void>;
  },
): Promise<{ readonly hub: HubProcess; readonly seconds: number }> {
  await killed.kill();
  await run.meanwhile?.();
  const hub = await run.environment.startHub({
    ...again(killed),
    mongrel2: [linkTo(run.environment.server)],
  });
  const begin = performance.now();
  const sent = lastSequence(await run.producer.state());
  await Promise.all(
    run.groups.map((group) =>
      group.waitSequence({ stream: "load", atLeast: sent + 20, within: healsWithinMs }),
    ),
  );
  await Promise.all(run.groups.map((group) => group.waitOpen({ within: healsWithinMs })));
  return { hub, seconds: (performance.now() - begin) / 1000 };
}

/** Many clients connect, receive their response heads and leave. */
async function churn(loadClients: LoadClients, port: number): Promise<void> {
  const group = await loadClients.begin({
    name: "churn",
    clients: churned,
    port,
    leaveAfter: { ms: 0 },
    openAtOnce: 200,
    topics: ["nothing"],
  });
  await group.waitCount("opened", { atLeast: churned, within: 240_000 });
}

const beds = [
  { mode: "shipped", transport: "ipc" },
  { mode: "stock", transport: "ipc" },
  { mode: "shipped", transport: "tcp" },
  { mode: "stock", transport: "tcp" },
] as const;

describe.each(beds)("Pharos behind Mongrel2 ($mode, $transport), killed and started again", (options) => {
  it("all old clients receive again within a minute, and no other client is cut", async () => {
    const environment = await startTwoHandlers({ ...options, maxFd: 16_384 });
    const { port } = environment.server;
    await environment.openOtherClients(otherClients);
    let download = await startDownload(environment);
    let hub = await environment.startHub();
    const loadClients = startLoadClients();
    const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond: 20 } });
    const groups: LoadGroup[] = [];
    const open = async (name: string): Promise<void> => {
      groups.push(
        await loadClients.open({ name, clients, port, reconnect: { delayMs: 500, afterRefusal: true } }),
      );
    };
    const lines: string[] = [];
    const restart = async (name: string, meanwhile?: () => Promise<void>): Promise<void> => {
      const run = { environment, groups, producer, ...(meanwhile === undefined ? {} : { meanwhile }) };
      const { hub: next, seconds } = await restartHub(hub, run);
      hub = next;
      const ids = (await queryStatus(environment.server.controlSpec, 5000)).map((row) => row.id);
      lines.push(`${name}: all receive again after ${seconds.toFixed(1)} s; highest id ${Math.max(...ids)}`);
      expect(otherClientFaults(await environment.otherHandler.report())).toEqual({});
      expect(download.closed, "the download was cut").toBe(false);
    };

    await open("first");
    await restart("a restart");

    await churn(loadClients, port);
    await open("after the churn");
    await restart(`after ${churned} connections and 5 s down`, async () => setTimeout(5000));

    const heavy = await loadClients.open({
      name: "10 MB streams",
      clients: 20,
      port,
      topics: ["broadcast", "bulk"],
      streams: ["load", "bulk"],
      reconnect: { delayMs: 500, afterRefusal: true },
    });
    groups.push(heavy);
    const bulk = await startProducer({
      endpoint: hub.ingest,
      count: bulkEvents,
      bytes: bulkBytes,
      topics: [{ topic: "bulk", stream: "bulk" }],
    });
    await bulk.done({ within: 60_000 });
    await heavy.waitSequence({ stream: "bulk", atLeast: bulkEvents, within: 60_000 });
    const { counts } = await heavy.snapshot();
    lines.push(`${(counts.bytes / counts.clients / 1e6).toFixed(1)} MB in each of ${counts.clients} streams`);
    await restart("after 10 MB in each stream");

    await restart("with Mongrel2 restarted meanwhile", async () => {
      await environment.server.restart();
      environment.otherHandler.dropClients();
      await environment.openOtherClients(otherClients);
      lines.push(`download, through three restarts: ${(download.length / 1e6).toFixed(1)} MB, not cut`);
      download.close();
      download = await startDownload(environment);
    });

    const before = download.length;
    await download.readUntil(() => download.length > before + 1_000_000, { within: 30_000 });
    const report = await environment.otherHandler.report();
    const snapshots = await Promise.all(groups.map((group) => group.snapshot()));
    printFigures(`Pharos killed and started again behind Mongrel2 (${options.mode}, ${options.transport})`, [
      ...lines,
      ...groupLines(snapshots),
      `download goes on at ${(download.length / 1e6).toFixed(1)} MB of ${(downloadBytes / 1e6).toFixed(1)} MB`,
      `otherClients: ${report.clients} clients, ${report.closed} closed, ${report.foreign} with foreign bytes`,
    ]);
    expect(otherClientFaults(report)).toEqual({});
    for (const group of groups)
      expect(
        await group.faults(["closed", "unreachable", "gaps", "missedReported", "rewindsReported"]),
      ).toEqual({});
  });
});
