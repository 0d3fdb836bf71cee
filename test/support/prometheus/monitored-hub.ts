import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startHub, type HubProcess } from "../hub-process.js";
import { linkTo } from "../mongrel2-hub.js";
import { startMongrel2 } from "../mongrel2-server.js";
import { connectPublisher } from "../publisher.js";
import { connectRaw, type RawConnection } from "../raw-http.js";
import { waitFor } from "../wait-for.js";

const within = 60_000;

/** The token of the admin address of all monitored hubs. */
export const adminToken = "0123456789abcdef0123456789abcdef";

/** A hub with all fronts and protocols, and clients of each of them. */
export interface MonitoredHub {
  /** The host and port of the admin address. */
  readonly target: string;
  /** All metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  /** Publishes over ZeroMQ and HTTP, and waits until all clients have it: streams, WebSockets and a waiting poll. */
  readonly publish: () => Promise<void>;
}

const heads = [
  "GET /esupdates?topic=news HTTP/1.1",
  "GET /.well-known/mercure?topic=news HTTP/1.1",
  "GET /ev/news HTTP/1.1",
  "GET /ws?topic=news HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==",
];

/** Starts a hub with this number of workers and a journal on disk, and opens a stream of each protocol at both fronts. */
export async function startMonitoredHub(workers: number): Promise<MonitoredHub> {
  const journal = await mkdtemp(join(tmpdir(), "pharos-journal-"));
  onTestFinished(() => rm(journal, { recursive: true, force: true }));
  const server = await startMongrel2({ mode: "shipped" });
  onTestFinished(() => server.stop());
  const settings = ["--open=on", "--push-stream=/", "--subscriptions=on", `--journal=disk:${journal}`];
  const hub = await startHub({
    admin: "0",
    mongrel2: [linkTo(server)],
    args: [...settings, "--workers", String(workers)],
    env: { PHAROS_ADMIN_TOKEN: adminToken },
  });
  const admin = new URL(hub.ready.get("admin")?.[0] ?? "");
  const headers = { Authorization: `Bearer ${adminToken}` };
  const metrics = async (): Promise<string> => (await fetch(new URL("/metrics", admin), { headers })).text();
  const clients = await openStreams([hub.httpPort, server.port]);
  const push = connectPublisher(hub.ingest);
  await refuseEach(hub, push);
  let published = 0;
  const publish = async (): Promise<void> => {
    published += 1;
    const [first, second] = [`zeromq-${published}.`, `http-${published}.`];
    const answers = await waitingPoll(hub, metrics);
    await push.send(["news", first]);
    await post(hub, second);
    for (const client of clients)
      for (const text of [first, second]) await client.readUntil(text, { within });
    await Promise.all(answers);
  };
  return { target: admin.host, metrics, publish };
}

async function openStreams(ports: readonly number[]): Promise<readonly RawConnection[]> {
  const clients: RawConnection[] = [];
  for (const port of ports)
    for (const head of heads) {
      const client = await connectRaw({ port });
      client.write(`${head}\r\nHost: localhost\r\n\r\n`);
      await client.readUntil("\r\n\r\n", { within });
      clients.push(client);
    }
  return clients;
}

/** Sends a request and a publication that the hub refuses. */
async function refuseEach(hub: HubProcess, push: ReturnType<typeof connectPublisher>): Promise<void> {
  const { status } = await fetch(`${hub.httpUrl}/esupdates?topic=a%23`);
  if (status !== 400) throw new Error(`a bad filter got ${status}`);
  await push.send(["*", "a reserved topic"]);
}

async function post(hub: HubProcess, body: string): Promise<void> {
  const { status } = await fetch(`${hub.httpUrl}/publish/news`, { method: "POST", body });
  if (status !== 200) throw new Error(`publishing got ${status}`);
}

interface PollAnswer {
  readonly position: string;
}

/** Sends a poll, and waits until the hub holds it. Returns the promise of its answer in a list. */
async function waitingPoll(
  hub: HubProcess,
  metrics: () => Promise<string>,
): Promise<readonly Promise<PollAnswer>[]> {
  const poll = async (more = ""): Promise<PollAnswer> =>
    (await fetch(`${hub.httpUrl}/poll?topic=news${more}`)).json() as Promise<PollAnswer>;
  const { position } = await poll();
  const answer = poll(`&last_event_id=${encodeURIComponent(position)}`);
  // The hub may end before anybody waits for the answer.
  answer.catch(() => undefined);
  const isHeld = async (): Promise<boolean> =>
    (await metrics()).includes('pharos_connections{front="poll"} 1\n');
  await waitFor(isHeld, { within, missing: "a poll that waits" });
  return [answer];
}
