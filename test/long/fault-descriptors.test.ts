import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { Push } from "zeromq";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { publishRaw } from "../support/raw-publisher.js";
import { before, waitFor } from "../support/wait-for.js";

const within = 60_000;

/** Connections that send nothing. Destroyed after the test. */
function idleClients(port: number, count: number): readonly Socket[] {
  const sockets = Array.from({ length: count }, () =>
    connect({ host: "127.0.0.1", port }).on("error", () => undefined),
  );
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

/** Publishers that connect, publish once and leave, 16 at once. The next publishers do not wait for the end. */
async function publishersComeAndGo(endpoint: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1)
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        const push = new Push({ linger: 20_000, sendTimeout: 20_000 });
        const accepted = new Promise((resolve) => push.events.on("handshake", resolve));
        push.connect(endpoint);
        await before(accepted, { within, missing: `the acceptance of a publisher at ${endpoint}` });
        await push.send(["broadcast", "hello"]);
        push.close();
      }),
    );
}

/** Publishers that all connect within a moment. */
async function manyPublishersAtOnce(path: string, count: number): Promise<void> {
  const published = Array.from({ length: count }, () => publishRaw({ path }, ["broadcast", "hello"]));
  await before(Promise.all(published), { within, missing: `${count} publishers at once` });
}

async function metrics(hub: HubProcess): Promise<string> {
  const response = await fetch(`${hub.ready.get("admin")?.[0]}/metrics`);
  return response.text();
}

function figure(text: string, name: string): number {
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? 0,
  );
}

// Idle clients used all descriptors. A publisher on an ipc endpoint then ended the whole hub with "Too many open files
// (ipc_listener.cpp)", or nothing was logged at all. Later, so did many publishers that connected within a moment.
describe.each([
  { descriptors: 80, workers: 0 },
  { descriptors: 256, workers: 0 },
  { descriptors: 1024, workers: 0 },
  { descriptors: 80, workers: 1 },
  { descriptors: 256, workers: 2 },
])("a hub with $descriptors file descriptors and $workers workers", ({ descriptors, workers }) => {
  it("lives with 1,000 idle clients while publishers come and go, and says why it refuses", async () => {
    const hub = await startHub({
      descriptors,
      admin: "127.0.0.1:0",
      ingest: ["@ipc://ingest", "@tcp://127.0.0.1:0"],
      args: ["--workers", String(workers)],
    });
    await hub.waitForLog(/the limit of open files allows fewer connections/, { within });
    const clients = idleClients(hub.httpPort, 1000);
    await hub.waitForLog(/refused a connection: /, { within });
    const [, tcp = ""] = hub.ready.get("ingest") ?? [];
    const ipc = `${hub.scratch}/ingest`;
    await Promise.all([publishersComeAndGo(`ipc://${ipc}`, 20), publishersComeAndGo(tcp, 20)]);
    await manyPublishersAtOnce(ipc, 640);
    const published = 2 * 20 * 16 + 640;
    await waitFor(async () => figure(await metrics(hub), "pharos_publications_total") >= published, {
      within,
      missing: () => `all publications; the log: ${hub.stderr}`,
    });
    const text = await metrics(hub);
    expect(figure(text, "process_max_fds")).toBe(descriptors);
    expect(figure(text, "process_open_fds")).toBeLessThanOrEqual(descriptors);
    expect(figure(text, 'pharos_connections_cut_total{reason="descriptors"}')).toBeGreaterThan(0);
    expect(figure(text, "pharos_publications_total")).toBe(published);
    expect(figure(text, 'pharos_publishers_refused_total{reason="descriptors"}')).toBeGreaterThan(0);
    expect(hub.stderr).toContain("publishers must wait");
    clients.forEach((socket) => socket.destroy());
    await waitFor(
      () =>
        fetch(`${hub.httpUrl}/healthz`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      { within, missing: () => `a connection after the idle clients; the log: ${hub.stderr}` },
    );
    expect(hub.exit).toBeUndefined();
  });
});
