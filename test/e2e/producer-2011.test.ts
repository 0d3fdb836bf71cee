import { execFile, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { Push } from "zeromq";
import { freePort } from "../support/free-port.js";
import type { HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { startHubBehind } from "../support/mongrel2-hub.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

/** The 2011 server: its port, and the two addresses of its handler, here on free ports. */
interface OldServer {
  readonly port: number;
  readonly mongrel2: string;
}

/** Starts Mongrel2 with the configuration of 2011. The test only replaces the three fixed ports. */
async function startOldServer(): Promise<OldServer> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-2011-"));
  for (const name of ["run", "logs", "tmp", "html"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "html", "index.html"), "static\n");
  const [port, send, recv] = [await freePort(), await freePort(), await freePort()];
  const text = readFileSync(join(root, "mongrel2", "stock-2011.conf"), "utf8")
    .replace("port=6767", `port=${port}`)
    .replace("'tcp://127.0.0.1:9999'", `'tcp://127.0.0.1:${send}'`)
    .replace("'tcp://127.0.0.1:9998'", `'tcp://127.0.0.1:${recv}'`);
  // If root starts Mongrel2, Mongrel2 becomes a daemon by default. A daemon is not a child of the test, so the test
  // could not stop it.
  writeFileSync(join(dir, "stock-2011.conf"), `${text}\nsettings = {'server.daemonize': 0}\n`);
  const env = { ...process.env, LOGNAME: "test" };
  await promisify(execFile)("m2sh", ["load", "-config", "stock-2011.conf", "-db", "config.sqlite"], {
    cwd: dir,
    env,
  });
  const output = openSync(join(dir, "output.log"), "a");
  const child = spawn("mongrel2", ["config.sqlite", "2f62bd5-9e59-49cd-993c-3b6013c28f05"], {
    cwd: dir,
    env,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  onTestFinished(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.kill("SIGKILL")) await gone;
    rmSync(dir, { recursive: true, force: true });
  });
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok, {
    within: 30_000,
    missing: () => `Mongrel2 does not answer: ${readFileSync(join(dir, "output.log"), "utf8").slice(-500)}`,
  });
  return { port, mongrel2: `tcp://127.0.0.1:${send},tcp://127.0.0.1:${recv}` };
}

/**
 * The producer of 2011. The PUSH socket of the producer binds the queue, and each message is the text of one event with
 * CR LF.
 */
async function startOldProducer(endpoint: string): Promise<(id: number, data: string) => Promise<void>> {
  const push = new Push({ linger: 0, sendTimeout: 30_000 });
  onTestFinished(() => push.close());
  await push.bind(endpoint);
  return (id, data) => push.send(`id: ${id}\r\ndata: ${data}\r\n\r\n`);
}

async function openStream(port: number, lastEventId?: string): Promise<RawConnection> {
  const client = await connectRaw({ port });
  const resume = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
  client.write(`GET /esupdates HTTP/1.1\r\nHost: localhost\r\n${resume}\r\n`);
  await client.readUntil("retry: ", { within: 30_000 });
  return client;
}

async function scratchEndpoint(name: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-queue-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return `ipc://${join(dir, name)}`;
}

describe("the example of 2011", () => {
  it("works with its producer and its configuration unchanged", async () => {
    const server = await startOldServer();
    const queue = await scratchEndpoint("eventsource_queue");
    const publish = await startOldProducer(queue);
    await startHubBehind({ mongrel2: [server.mongrel2], ingest: [`>${queue}`] });
    const client = await openStream(server.port);
    expect(client.text).toContain("\r\nExpires: Fri, 01 Jan 1990 00:00:00 GMT\r\n");
    expect(client.text).toContain(
      "\r\nCache-Control: no-cache, no-store, no-transform, max-age=0, must-revalidate\r\n",
    );
    expect(client.text).toContain("\r\nPragma: no-cache\r\n");
    expect(client.text).toMatch(/\nretry: \d+\n/);
    await publish(1, "Timestamp Thu Aug 04 12:00:00 2011");
    await client.readUntil("id: 1\ndata: Timestamp Thu Aug 04 12:00:00 2011\n\n", { within: 30_000 });
    await publish(2, "Timestamp Thu Aug 04 12:00:05 2011");
    await client.readUntil("id: 2\ndata: Timestamp Thu Aug 04 12:00:05 2011\n\n", { within: 30_000 });
    const resumed = await openStream(server.port, "1");
    await resumed.readUntil("id: 2\ndata: Timestamp Thu Aug 04 12:00:05 2011\n\n", { within: 30_000 });
    expect(resumed.text).not.toContain("12:00:00");
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("static\n");
  });

  it("works with a producer that comes and goes while the hub waits for it", async () => {
    const queue = await scratchEndpoint("eventsource_queue");
    const hub = await startHubBehind({ ingest: [`>${queue}`] });
    const client = await openStream(hub.httpPort);
    for (const id of [1, 2]) {
      const push = new Push({ linger: 5000, sendTimeout: 30_000 });
      await push.bind(queue);
      await push.send(`id: ${id}\r\ndata: from producer ${id}\r\n\r\n`);
      await client.readUntil(`data: from producer ${id}\n`, { within: 30_000 });
      push.close();
    }
    expect(client.text.match(/^data: /gm)).toHaveLength(2);
  });
});

const stops: readonly { readonly how: string; readonly stop: (hub: HubProcess) => Promise<void> }[] = [
  {
    how: "the message shutdown on its control endpoint",
    stop: async (hub) => {
      const push = new Push({ linger: 1000, sendTimeout: 30_000 });
      onTestFinished(() => push.close());
      push.connect(`ipc://${join(hub.scratch, "shutdown_queue")}`);
      await push.send("shutdown");
    },
  },
  { how: "SIGINT", stop: async (hub) => hub.signal("SIGINT") },
  { how: "SIGTERM", stop: async (hub) => hub.signal("SIGTERM") },
];

describe.each(stops)("$how", ({ stop }) => {
  it("stops the hub in order: what was published is delivered, streams end, the exit code is 0", async () => {
    const server = await startOldServer();
    const hub = await startHubBehind({
      mongrel2: [server.mongrel2],
      args: ["--control", "@ipc://shutdown_queue"],
    });
    const clients = [await openStream(server.port), await openStream(hub.httpPort)];
    const push = new Push({ linger: 0, sendTimeout: 30_000 });
    onTestFinished(() => push.close());
    push.connect(hub.ingest);
    await push.send("data: the last word\n\n");
    await clients[0]?.readUntil("data: the last word", { within: 30_000 });
    await stop(hub);
    expect(await hub.waitForExit({ within: 30_000 })).toEqual({ code: 0, signal: null });
    for (const client of clients) {
      const text = await client.readToEnd({ within: 60_000 });
      // A time to reconnect of its own, and then the last chunk, of no bytes, which shows the client that the stream is
      // complete [RFC 9112 7.1].
      expect(text).toMatch(/data: the last word\n\n\r\n[0-9a-f]+\r\nretry: \d+\n\r\n0\r\n\r\n$/);
    }
  });
});
