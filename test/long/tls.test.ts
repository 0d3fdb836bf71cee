import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { startLoadClients } from "../support/load/client.js";
import { grouped, median, printFigures } from "../support/load/figures.js";
import { cpuSeconds, rssBytes } from "../support/process-figures.js";
import { startProducer } from "../support/producer.js";
import { certificateFolder, makeCertificate, type TestCertificate } from "../support/tls/certificates.js";
import { startSecureHub } from "../support/tls/secure-hub.js";

const within = 240_000;

const frees = [
  "--expose-gc",
  "--import",
  fileURLToPath(new URL("../support/tls/gc-each-second.mjs", import.meta.url)),
];

interface TestServer {
  readonly pid: number;
  readonly port: number;
}

/** A server of `node:tls` alone. */
async function startBareServer({ certFile, keyFile }: TestCertificate): Promise<TestServer> {
  const file = fileURLToPath(new URL("../support/tls/bare-tls-server.mjs", import.meta.url));
  const child = spawn(process.execPath, [...frees, file, certFile, keyFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: child.pid ?? 0, port: Number(line.toString()) };
}

const firstClients = 1000;
const moreClients = 4000;

/** The resident memory for each of 4,000 idle clients, in KiB. The first 1,000 clients only warm the server up. */
async function kibPerClient(server: TestServer, tls: boolean): Promise<number> {
  const loadClients = startLoadClients();
  const group = { port: server.port, tls, firstSequence: 1 };
  await loadClients.open({ ...group, name: "first", clients: firstClients }, { within });
  const before = await settledBytes(server.pid);
  await loadClients.open({ ...group, name: "more", clients: moreClients }, { within });
  const after = await settledBytes(server.pid);
  await loadClients.close();
  return (after - before) / moreClients / 1024;
}

/** The resident memory when it no longer changes by more than 1 MiB in a second. */
async function settledBytes(pid: number): Promise<number> {
  let before = Number.POSITIVE_INFINITY;
  await expect
    .poll(
      () => {
        const now = rssBytes(pid);
        const change = Math.abs(now - before);
        before = now;
        return change;
      },
      { interval: 1000, timeout: within },
    )
    .toBeLessThan(1024 * 1024);
  return before;
}

test("an idle stream over TLS needs at most 6 KiB more than a connection of node:tls alone", async () => {
  const certificate = makeCertificate(certificateFolder(), "hub");
  const hub = await startSecureHub([certificate], { nodeArgs: frees });
  const stream = await kibPerClient({ pid: hub.pid, port: hub.httpPort }, true);
  const bare = await kibPerClient(await startBareServer(certificate), true);
  const plainHub = await startHub({ nodeArgs: frees });
  const plain = await kibPerClient({ pid: plainHub.pid, port: plainHub.httpPort }, false);
  printFigures(`memory of ${grouped(moreClients)} idle clients, each`, [
    `stream over TLS ${stream.toFixed(1)} KiB; node:tls alone ${bare.toFixed(1)} KiB; stream without TLS ${plain.toFixed(1)} KiB`,
  ]);
  expect(stream - bare).toBeLessThanOrEqual(6);
});

const clients = 500;
const publications = 6000;

interface Rate {
  readonly perSecond: number;
  /** Deliveries for each second of the hub's CPU time. */
  readonly perCpuSecond: number;
}

async function measure(hub: HubProcess, tls: boolean): Promise<Rate> {
  const loadClients = startLoadClients();
  const group = await loadClients.open(
    { name: "all", clients, port: hub.httpPort, tls, firstSequence: 1 },
    { within },
  );
  const cpu = cpuSeconds(hub.pid);
  const begin = performance.now();
  const producer = await startProducer({
    endpoint: hub.ingest,
    count: publications,
    bytes: 200,
    pace: { kind: "flat-out" },
  });
  await producer.done({ within });
  await group.waitSequence({ atLeast: publications, within });
  const deliveries = clients * publications;
  const seconds = (performance.now() - begin) / 1000;
  const cpuUsed = cpuSeconds(hub.pid) - cpu;
  expect(await group.faults()).toEqual({});
  await loadClients.close();
  await hub.stop();
  return { perSecond: deliveries / seconds, perCpuSecond: deliveries / cpuUsed };
}

test("saturated deliveries per second over TLS, next to those without TLS", async () => {
  const certificate = makeCertificate(certificateFolder(), "hub");
  const turns: { readonly plain: Rate; readonly secure: Rate }[] = [];
  for (let turn = 0; turn < 3; turn += 1)
    turns.push({
      plain: await measure(await startHub(), false),
      secure: await measure(await startSecureHub([certificate]), true),
    });
  const line = ({ perSecond, perCpuSecond }: Rate): string =>
    `${grouped(perSecond)}/s, ${grouped(perCpuSecond)} for each second of the hub's CPU time`;
  const ratio = median(turns.map(({ plain, secure }) => secure.perCpuSecond / plain.perCpuSecond));
  printFigures(`deliveries of ${publications} publications of 200 bytes to ${clients} clients`, [
    ...turns.map(({ plain, secure }) => `without TLS ${line(plain)}; over TLS ${line(secure)}`),
    `over TLS, ${ratio.toFixed(2)} of the deliveries for the same CPU time`,
  ]);
  expect(turns).toHaveLength(3);
});
