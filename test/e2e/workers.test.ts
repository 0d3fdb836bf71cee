import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { childrenOf, isAlive, isZombie } from "../support/children.js";
import { atTestEnd } from "../support/on-end.js";
import { startHub, type HubOptions, type HubProcess } from "../support/hub-process.js";
import { connectPublisher } from "../support/publisher.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

function startWithWorkers(workers: number, options: HubOptions = {}): Promise<HubProcess> {
  return startHub({ ...options, args: ["--workers", String(workers), ...(options.args ?? [])] });
}

/** The worker processes of a hub, oldest first. */
function workersOf({ pid }: HubProcess): readonly number[] {
  return childrenOf(pid);
}

async function socketsOf(pid: number): Promise<number> {
  const targets = await Promise.all(
    readdirSync(`/proc/${pid}/fd`).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")),
  );
  return targets.filter((target) => target.startsWith("socket:")).length;
}

/**
 * Opens a stream. If the worker of the stream dies before the stream opens, the function tries again, as browsers do.
 */
async function comeBack(hub: HubProcess, lastEventId?: string): Promise<RawConnection> {
  for (;;) {
    const stream = await openStream(hub, lastEventId).catch(() => undefined);
    if (stream !== undefined) return stream;
  }
}

/** The request of a browser's EventSource. The hub sends positions to clients with this `Cache-Control`. */
function streamRequest(cursor = ""): string {
  return `GET /esupdates HTTP/1.1\r\nHost: localhost\r\nCache-Control: no-cache\r\n${cursor}\r\n`;
}

async function openStream(hub: HubProcess, lastEventId?: string): Promise<RawConnection> {
  const connection = await connectRaw({ port: hub.httpPort });
  const cursor = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
  connection.write(streamRequest(cursor));
  await connection.readUntil(/* its first position, or event */ "\nid: ", { within });
  return connection;
}

function dataOf({ text }: RawConnection): readonly string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data);
}

function lastIdOf({ text }: RawConnection): string | undefined {
  return [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
}

async function publisherOf(hub: HubProcess): Promise<(data: string) => Promise<void>> {
  const push = connectPublisher(hub.ingest);
  return async (data) => push.send(["broadcast", data]);
}

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe("a hub with workers", () => {
  it("hands connections out in turn and holds none itself", async () => {
    const hub = await startWithWorkers(3);
    const workers = workersOf(hub);
    expect(workers).toHaveLength(3);
    const before = await Promise.all([hub.pid, ...workers].map(socketsOf));
    const streams = await Promise.all(Array.from({ length: 9 }, () => openStream(hub)));
    await waitFor(async () => (await socketsOf(hub.pid)) === before[0], {
      within,
      missing: () => "the hub still holds connections of clients",
    });
    const after = await Promise.all(workers.map(socketsOf));
    expect(after.map((count, index) => count - (before[index + 1] ?? 0))).toEqual([3, 3, 3]);
    const publish = await publisherOf(hub);
    for (const data of numbers(1, 500)) await publish(data);
    await Promise.all(streams.map((stream) => stream.readUntil("data: 500\n", { within })));
    for (const stream of streams) expect(dataOf(stream)).toEqual(numbers(1, 500));
  });

  it("replaces a worker that dies, whose clients resume and miss nothing", async () => {
    const hub = await startWithWorkers(2, { args: ["--log-level", "debug"] });
    const [first = 0, second = 0] = workersOf(hub);
    const publish = await publisherOf(hub);
    const [one, other] = [await openStream(hub), await openStream(hub)];
    for (const data of numbers(1, 100)) await publish(data);
    await Promise.all([one, other].map((stream) => stream.readUntil("data: 100\n", { within })));
    process.kill(first, "SIGKILL");
    const [lost, kept] = await Promise.race([
      one.readToEnd({ within }).then(() => [one, other] as const),
      other.readToEnd({ within }).then(() => [other, one] as const),
    ]);
    for (const data of numbers(101, 200)) await publish(data);
    const again = await comeBack(hub, lastIdOf(lost));
    await Promise.all([kept, again].map((stream) => stream.readUntil("data: 200\n", { within })));
    expect([...dataOf(lost), ...dataOf(again)]).toEqual(numbers(1, 200));
    expect(dataOf(kept)).toEqual(numbers(1, 200));
    await waitFor(() => workersOf(hub).length === 2, { within, missing: () => "no worker took its place" });
    expect(workersOf(hub)).toContain(second);
    await hub.waitForLog(/"how":"SIGKILL".*the hub replaces it/, { within });
    const streams = await Promise.all(numbers(1, 4).map(() => openStream(hub)));
    await publish("to all");
    await Promise.all(streams.map((stream) => stream.readUntil("data: to all\n", { within })));
  });

  it("replaces a worker although the folder of its sockets was deleted", async () => {
    const hub = await startWithWorkers(1);
    for (const folder of foldersOf(hub)) rmSync(join(tmpdir(), folder), { recursive: true });
    const [worker = 0] = workersOf(hub);
    const stream = await openStream(hub);
    process.kill(worker, "SIGKILL");
    await stream.readToEnd({ within });
    expect(isServed(await comeBack(hub, lastIdOf(stream)))).toBe(true);
  });

  it("names the folder of its workers' sockets if it cannot be created", async () => {
    const hub = startWithWorkers(1, { env: { TMPDIR: "/nowhere/at/all" } });
    await expect(hub).rejects.toThrow(/sockets in \/nowhere\/at\/all \(see TMPDIR\): ENOENT/);
    const long = join(tmpdir(), "x".repeat(90));
    mkdirSync(long, { recursive: true });
    atTestEnd(() => rmSync(long, { recursive: true }));
    const other = startWithWorkers(1, { env: { TMPDIR: long } });
    await expect(other).rejects.toThrow(/the path of a socket in this folder would have more than 107 bytes/);
  });

  it("replaces a worker that hangs, while the clients of the others get everything", async () => {
    const hub = await startWithWorkers(2);
    const [first = 0] = workersOf(hub);
    const publish = await publisherOf(hub);
    const streams = [await openStream(hub), await openStream(hub)];
    process.kill(first, "SIGSTOP");
    const ended = Promise.race(streams.map((stream) => stream.readToEnd({ within })));
    for (const data of numbers(1, 1000)) await publish(data);
    await Promise.any(streams.map((stream) => stream.readUntil("data: 1000\n", { within })));
    await ended;
    await hub.waitForLog(/did not answer 10 pings/, { within });
    await waitFor(() => !isAlive(first), { within, missing: () => "the worker that hangs lives on" });
    const lost = streams.find((stream) => stream.closed);
    const again = await comeBack(hub, lost === undefined ? undefined : lastIdOf(lost));
    await again.readUntil("data: 1000\n", { within });
    expect(dataOf(again)).toEqual(numbers(1, 1000));
  });

  it("outlives a worker that dies while connections come for it", async () => {
    // Bug: after the worker's channel had ended and before its process ended, the hub offered the worker the same
    // connection repeatedly.
    const hub = await startWithWorkers(1);
    const [worker = 0] = workersOf(hub);
    hub.signal("SIGSTOP");
    process.kill(worker, "SIGKILL");
    await waitFor(() => isZombie(worker), { within, missing: () => "the worker does not die" });
    const early = await Promise.all(numbers(1, 3).map(() => connectRaw({ port: hub.httpPort })));
    hub.signal("SIGCONT");
    await Promise.all(early.map((connection) => connection.readToEnd({ within })));
    await (await comeBack(hub)).readUntil("\nid: ", { within });
    expect(hub.exit).toBeUndefined();
  });

  it("leaves no client waiting for a dead worker, and keeps none of their descriptors", async () => {
    const hub = await startWithWorkers(2);
    const before = await socketsOf(hub.pid);
    const [stopped = 0] = workersOf(hub);
    process.kill(stopped, "SIGSTOP");
    const connections = await Promise.all(numbers(1, 20).map(() => connectRaw({ port: hub.httpPort })));
    for (const connection of connections) connection.write(streamRequest());
    await waitFor(() => connections.filter(isServed).length >= 10, {
      within,
      missing: () => "the other serves none",
    });
    process.kill(stopped, "SIGKILL");
    await waitFor(() => connections.every((connection) => connection.closed || isServed(connection)), {
      within,
      missing: () => `served are ${connections.filter(isServed).length} of 20, the others wait`,
    });
    // If the hub was sending a client's descriptor to the worker, only that client is lost with the worker.
    expect(connections.filter(({ closed }) => closed).length).toBeLessThanOrEqual(1);
    await waitFor(async () => workersOf(hub).length === 2 && (await socketsOf(hub.pid)) === before, {
      within,
      missing: () => "the hub still holds descriptors of clients",
    });
  });

  it("starts a worker later when there is no descriptor left for it now", async () => {
    const hub = await startWithWorkers(2);
    const [first = 0, second = 0] = workersOf(hub);
    const stream = await openStream(hub);
    limitDescriptors(hub, readdirSync(`/proc/${hub.pid}/fd`).length - 2);
    for (const worker of [first, second]) process.kill(worker, "SIGKILL");
    await stream.readToEnd({ within });
    await hub.waitForLog(/"how":"[^"]*(EMFILE|Too many open files)/, { within });
    limitDescriptors(hub, 4096);
    await (await comeBack(hub)).readUntil("\nid: ", { within });
    expect(hub.exit).toBeUndefined();
  });

  it("stops at once and says nothing of failures while a worker is being started", async () => {
    const hub = await startWithWorkers(2);
    const [first = 0] = workersOf(hub);
    process.kill(first, "SIGKILL");
    await hub.waitForLog(/the hub replaces it/, { within });
    await waitFor(() => workersOf(hub).length === 2, { within, missing: () => "no worker takes its place" });
    const logged = hub.stderr.length;
    expect(await hub.stop({ within })).toEqual({ code: 0, signal: null });
    expect(hub.stderr.slice(logged)).not.toContain('"level":"error"');
    expect(foldersOf(hub)).toEqual([]);
  });

  it("stops in order: publications arrive, streams end, no process and no folder remains", async () => {
    const hub = await startWithWorkers(2);
    const workers = workersOf(hub);
    const publish = await publisherOf(hub);
    const streams = await Promise.all(numbers(1, 6).map(() => openStream(hub)));
    for (const data of numbers(1, 300)) await publish(data);
    await streams[0]?.readUntil("data: 1\n", { within });
    expect(await hub.stop({ within })).toEqual({ code: 0, signal: null });
    expect(hub.stderr, "nothing is taken for a failure").not.toContain('"level":"error"');
    for (const stream of streams) {
      await stream.readToEnd({ within });
      expect(dataOf(stream)).toEqual(numbers(1, 300));
    }
    expect(workers.filter(isAlive)).toEqual([]);
    expect(foldersOf(hub)).toEqual([]);
  });

  it("takes its workers with it when it is killed; the next hub removes its folder", async () => {
    const hub = await startWithWorkers(2);
    const workers = workersOf(hub);
    const stream = await openStream(hub);
    await hub.kill();
    expect(await stream.readToEnd({ within })).toContain("HTTP/1.1 200 OK");
    await waitFor(() => !workers.some(isAlive), {
      within,
      missing: () => "a worker lives on without its hub",
    });
    expect(foldersOf(hub)).toHaveLength(1);
    await startWithWorkers(1);
    await waitFor(() => foldersOf(hub).length === 0, {
      within,
      missing: () => "the folder of the killed hub remains",
    });
  });

  it("closes new connections when all workers are full, and accepts one after another has left", async () => {
    const hub = await startWithWorkers(2, { config: { limits: { connectionsPerWorker: 2 } } });
    const streams = await Promise.all(numbers(1, 4).map(() => openStream(hub)));
    const refused = await connectRaw({ port: hub.httpPort });
    expect(await refused.readToEnd({ within })).toBe("");
    streams[0]?.close();
    await waitFor(
      () =>
        openStream(hub).then(
          () => true,
          () => false,
        ),
      {
        within,
        missing: () => "there is no room although a stream has left",
      },
    );
  });

  it("reports in one line that its port is in use, and leaves nothing behind", async () => {
    const first = await startHub();
    const hub = startWithWorkers(2, { http: `127.0.0.1:${first.httpPort}` });
    await expect(hub).rejects.toThrow(/code 1 before it was ready: pharos: cannot listen on [^\n]*in use/);
  });
});

function isServed({ text }: RawConnection): boolean {
  return text.includes("\nid: ");
}

/** Sets the soft limit of file descriptors. Only root may raise the limit above its earlier value. */
function limitDescriptors({ pid }: HubProcess, soft: number): void {
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${soft}:`]);
}

/** The folders for the sockets between workers and hub. Their names contain the hub's process id. */
function foldersOf({ pid }: HubProcess): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`pharos-workers-${pid}-`));
}
