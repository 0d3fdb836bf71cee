import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LinkState } from "../../src/fronts/front.js";
import type { Link } from "../../src/fronts/mongrel2/link/link.js";
import { parseRecord } from "../../src/fronts/mongrel2/link/orphans/record-text.js";
import { Targets } from "../../src/fronts/mongrel2/link/targets.js";
import type { Mongrel2Request } from "../../src/fronts/mongrel2/wire/request.js";
import { type LinkRecorder, type RecorderOptions, startLink } from "../support/link-recorder.js";
import { type Mongrel2Options, type Mongrel2Server, startMongrel2 } from "../support/mongrel2-server.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";
import { rssBytes } from "../support/process-figures.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

async function server(options: Mongrel2Options): Promise<Mongrel2Server> {
  const started = await startMongrel2(options);
  onTestFinished(() => started.stop());
  return started;
}

/** Opens a stream for every request, as the owner of the link. */
function openStream(request: Mongrel2Request, link: Link): void {
  link.opened(request.id);
  link.deliver(new Targets([request.id]), Buffer.from(`${head}open ${request.id}\n`));
}

function streaming(server: Mongrel2Server, options: RecorderOptions = {}): LinkRecorder {
  return startLink(server, { onRequest: openStream, ...options });
}

async function client(port: number, path = "/esupdates"): Promise<RawConnection> {
  const connection = await connectRaw({ port });
  connection.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return connection;
}

/** Opens a stream. Returns the client's connection and id. */
async function stream(port: number): Promise<{ readonly connection: RawConnection; readonly id: number }> {
  const connection = await client(port);
  const text = await connection.readUntil((text) => /open \d+\n/.test(text), { within });
  return { connection, id: Number(/open (\d+)\n/.exec(text)?.[1]) };
}

function scratchRecord(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-link-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "record");
}

describe.each(["stock", "shipped"] as const)("a link to a %s Mongrel2", (mode) => {
  const pacing = mode === "stock" ? "fence" : "credits";

  it(`is paced by ${pacing}, and drains each message that it delivers`, async () => {
    const mongrel2 = await server({ mode });
    const { link, seen } = streaming(mongrel2);
    const { connection, id } = await stream(mongrel2.port);
    await seen(`drained ${id}`, { within });
    expect(link.pacing).toBe(pacing);
    link.deliver(new Targets([id]), Buffer.from("more\n"));
    await connection.readUntil("more\n", { within });
    await seen(`drained ${id}`, { within, times: 2 });
    link.closeConnections(new Targets([id]));
    await connection.readToEnd({ within });
  });

  it("loses none of 1,000 clients over 40 rounds back to back", async () => {
    const mongrel2 = await server({ mode });
    const open: number[] = [];
    const rounds = createRounds({ members: 1000, rounds: 40 });
    const { events } = streaming(mongrel2, {
      onRequest: (request, link) => {
        open.push(request.id);
        openStream(request, link);
      },
      onDrained: rounds.drained,
    });
    const clients: RawConnection[] = [];
    for (let batch = 0; batch < 10; batch++) {
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => client(mongrel2.port)))));
    }
    await Promise.all(clients.map((connection) => connection.readUntil("round 40\n", { within: 120_000 })));
    expect(clients.filter(({ closed }) => closed)).toEqual([]);
    expect(new Set(open).size).toBe(1000);
    expect(events.filter((event) => open.some((id) => event === `disconnected ${id}`))).toEqual([]);
    expect(clients.every(({ text }) => inOrder(text, 40))).toBe(true);
  });

  it("recovers after kill -9, and does not write to the ids of the previous run", async () => {
    const mongrel2 = await server({ mode });
    const { link, seen } = streaming(mongrel2);
    const before = await stream(mongrel2.port);
    await mongrel2.kill();
    await seen("down", { within });
    await before.connection.readToEnd({ within });
    link.deliver(new Targets([before.id]), Buffer.from("to nobody"));
    await mongrel2.restart();
    await seen("up", { within, times: 2 });
    const after = await stream(mongrel2.port);
    expect(after.connection.text).not.toContain("nobody");
  });

  it("is stuck while the server is stopped, holds one message a client, and recovers without a loss", async () => {
    const mongrel2 = await server({ mode });
    const recorder = streaming(mongrel2, { limits: { fenceMs: 300 } });
    const { link, seen, events } = recorder;
    const { connection, id } = await stream(mongrel2.port);
    await seen(`drained ${id}`, { within });
    mongrel2.signal("SIGSTOP");
    link.deliver(new Targets([id]), Buffer.from("while it is stopped\n"));
    await untilState(recorder, "stuck");
    mongrel2.signal("SIGCONT");
    await untilState(recorder, "up");
    await connection.readUntil("while it is stopped\n", { within });
    await seen(`drained ${id}`, { within, times: 2 });
    expect(events).not.toContain("down");
  });

  it("disconnects at once the clients of a process that died, and no other clients", async () => {
    const mongrel2 = await server({ mode, handlers: [{ path: "/other" }] });
    const other = startLink(otherHandler(mongrel2), { onRequest: openStream });
    const recordFile = scratchRecord();
    const first = streaming(mongrel2, { recordFile });
    const stranger = await client(mongrel2.port, "/other");
    await stranger.readUntil("open", { within });
    const lost = await Promise.all([stream(mongrel2.port), stream(mongrel2.port)]);
    first.abandon();
    const second = streaming(mongrel2, { recordFile });
    await Promise.all(lost.map(({ connection }) => connection.readToEnd({ within })));
    await second.changes.until(() => second.counts.get("orphans_freed_total") === 2, {
      within,
      missing: "the count of two freed orphans",
    });
    expect(stranger.closed).toBe(false);
    expect(other.link.state).toBe("up");
  });
});

it("cuts a client that reads nothing, although a close would wait for it", async () => {
  const mongrel2 = await server({ mode: "shipped" });
  const body = Buffer.alloc(60_000, "x");
  const { link, seen, changes, events } = streaming(mongrel2, {
    onDrained: ([id], link) => {
      if (id !== undefined) link.deliver(new Targets([id]), body);
    },
  });
  const connection = await connectRaw({ port: mongrel2.port });
  connection.pause();
  connection.write("GET /esupdates HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await changes.until(() => events.some((event) => event.startsWith("request")), {
    within,
    missing: "the request",
  });
  const id = Number(events.find((event) => event.startsWith("request"))?.slice("request ".length));
  await quiet(events);
  link.cut(new Targets([id]));
  // If a message has the id of a closed connection, the server answers with a disconnect notice.
  await new Promise<void>((resolve) => link.whenTaken(resolve));
  link.deliver(new Targets([id]), Buffer.from("x"));
  await seen(`disconnected ${id}`, { within });
  expect(link.state).toBe("up");
});

describe("quiet streams", () => {
  it("outlive the server's reaper by keep-alive", async () => {
    // If the machine stops for longer than `limits.min_ping`, the server correctly closes the stream.
    const settings = { "limits.tick_timer": 1, "limits.min_ping": 6 };
    const mongrel2 = await server({ mode: "stock", settings });
    streaming(mongrel2, { keepAliveMs: 500 });
    const { connection } = await stream(mongrel2.port);
    // This connection opens later than the stream and never sends a byte. When the server closes this connection, the
    // server's reaper has run.
    const silent = await connectRaw({ port: mongrel2.port });
    await silent.readToEnd({ within });
    expect(connection.closed).toBe(false);
  });

  it("are lost without it, and no notice comes before the next delivery", async () => {
    const settings = { "limits.tick_timer": 1, "limits.min_ping": 2 };
    const mongrel2 = await server({ mode: "stock", settings });
    const { link, seen, events } = streaming(mongrel2, { keepAliveMs: 0 });
    const { connection, id } = await stream(mongrel2.port);
    await connection.readToEnd({ within });
    expect(events).not.toContain(`disconnected ${id}`);
    link.deliver(new Targets([id]), Buffer.from("x"));
    await seen(`disconnected ${id}`, { within });
  });
});

describe("over TCP", () => {
  it("a process that died leaves no client open without events: the control port shows that the run is the same", async () => {
    const mongrel2 = await server({
      mode: "shipped",
      transport: "tcp",
      settings: { "limits.tick_timer": 2 },
    });
    const recordFile = scratchRecord();
    const first = streaming(mongrel2, { recordFile, keepAliveMs: 500 });
    const { connection } = await stream(mongrel2.port);
    await untilHeard(recordFile, Date.now() + provenMs);
    first.abandon();
    streaming(mongrel2, { recordFile });
    await connection.readToEnd({ within });
    expect(connection.closed).toBe(true);
  });

  it("clients of another handler keep their streams when the server was restarted meanwhile", async () => {
    const mongrel2 = await server({
      mode: "shipped",
      transport: "tcp",
      handlers: [{ path: "/other" }],
      settings: { "limits.tick_timer": 1 },
    });
    startLink(otherHandler(mongrel2), { onRequest: openStream });
    const recordFile = scratchRecord();
    const first = streaming(mongrel2, { recordFile });
    const lost = await Promise.all(Array.from({ length: 5 }, () => stream(mongrel2.port)));
    expect(lost).toHaveLength(5);
    first.abandon();
    await mongrel2.restart();
    const strangers = await Promise.all(Array.from({ length: 10 }, () => client(mongrel2.port, "/other")));
    await Promise.all(strangers.map((stranger) => stranger.readUntil("open", { within })));
    const second = streaming(mongrel2, { recordFile });
    await second.seen("up", { within });
    // Waits for three ticks of the server's clock. With each tick the server updates the age of its connections. The
    // server checks the ages every second.
    await later(4_000);
    expect(strangers.filter(({ closed }) => closed)).toEqual([]);
  });

  it("a cut connection to the server brings every stream down and frees its client", async () => {
    const mongrel2 = await server({
      mode: "shipped",
      transport: "tcp",
      settings: { "limits.tick_timer": 1 },
    });
    const proxy = await startTcpProxy({ target: Number(mongrel2.recvSpec.split(":").at(-1)) });
    const recordFile = scratchRecord();
    const { seen } = streaming(
      { ...mongrel2, recvSpec: `tcp://127.0.0.1:${proxy.port}` },
      { keepAliveMs: 500, recordFile },
    );
    await seen("up", { within });
    const { connection } = await stream(mongrel2.port);
    await untilHeard(recordFile, Date.now() + provenMs);
    proxy.cut();
    await seen("down", { within });
    await seen("up", { within, times: 2 });
    await connection.readToEnd({ within });
    expect((await stream(mongrel2.port)).connection.closed).toBe(false);
  });

  it("a cut of the other connection costs no stream", async () => {
    const mongrel2 = await server({ mode: "stock", transport: "tcp" });
    const proxy = await startTcpProxy({ target: Number(mongrel2.sendSpec.split(":").at(-1)) });
    const recorder = streaming(
      { ...mongrel2, sendSpec: `tcp://127.0.0.1:${proxy.port}` },
      { limits: { fenceMs: 300 } },
    );
    const { link, seen } = recorder;
    await seen("up", { within });
    const { connection, id } = await stream(mongrel2.port);
    await seen(`drained ${id}`, { within });
    proxy.cut();
    link.deliver(new Targets([id]), Buffer.from("after the cut\n"));
    await connection.readUntil("after the cut\n", { within });
    await seen(`drained ${id}`, { within, times: 2 });
    await untilState(recorder, "up");
    expect(connection.closed).toBe(false);
  });
});

it("does not grow this process while the server is stopped", async () => {
  const mongrel2 = await server({ mode: "stock" });
  const recorder = streaming(mongrel2, { limits: { fenceMs: 100 }, keepAliveMs: 20 });
  const { link, seen } = recorder;
  const { id } = await stream(mongrel2.port);
  await seen(`drained ${id}`, { within });
  mongrel2.signal("SIGSTOP");
  link.deliver(new Targets([id]), Buffer.alloc(65_536, "x"));
  await untilState(recorder, "stuck");
  const before = rssBytes(process.pid);
  await later(3_000);
  expect(rssBytes(process.pid) - before).toBeLessThan(50_000_000);
  mongrel2.signal("SIGCONT");
  await untilState(recorder, "up");
});

/**
 * Delivers rounds to all members. The first round starts when all members have their response headers. Each later round
 * starts when all members have drained.
 */
function createRounds(options: { readonly members: number; readonly rounds: number }): {
  readonly drained: (ids: readonly number[], link: Link) => void;
} {
  const members = new Set<number>();
  let groups: readonly Targets[] = [];
  let waiting = options.members;
  let round = 0;
  return {
    drained: (ids, link) => {
      for (const id of ids) members.add(id);
      waiting -= ids.length;
      if (waiting > 0 || round === options.rounds) return;
      waiting = options.members;
      round += 1;
      if (groups.length === 0) groups = Targets.split([...members]);
      for (const targets of groups) link.deliver(targets, Buffer.from(`round ${round}\n`.padStart(200)));
    },
  };
}

function inOrder(text: string, rounds: number): boolean {
  const numbers = [...text.matchAll(/round (\d+)\n/g)].map(([, number]) => Number(number));
  return numbers.length === rounds && numbers.every((number, index) => number === index + 1);
}

function otherHandler(mongrel2: Mongrel2Server): {
  readonly sendSpec: string;
  readonly recvSpec: string;
  readonly controlSpec: string;
} {
  const [other] = mongrel2.handlers;
  if (other === undefined) throw new Error("the server has no other handler");
  return { sendSpec: other.sendSpec, recvSpec: other.recvSpec, controlSpec: mongrel2.controlSpec };
}

/**
 * Waits until the link has this state. On a busy machine, a late fence may have put the link into the state `stuck`
 * earlier.
 */
async function untilState({ link, changes }: LinkRecorder, state: LinkState): Promise<void> {
  await changes.until(() => link.state === state, {
    within,
    missing: () => `the link is ${link.state}, not ${state}`,
  });
}

/**
 * The age in milliseconds that a stream must have when the server sends its last message to the hub. From this age on,
 * the hub can distinguish one run of the server from the next run.
 */
const provenMs = 3_500;

/**
 * Waits until the record file says that the server sent a message at `time` or later. `time` is in wall-clock
 * milliseconds.
 */
async function untilHeard(recordFile: string, time: number): Promise<void> {
  const heardAt = (): number => parseRecord(readFileSync(recordFile, "latin1")).at(-1)?.heardAt ?? 0;
  await waitFor(() => heardAt() >= time, {
    within,
    missing: () => `the record says that the server was heard ${time - heardAt()} ms too early`,
  });
}

/** Waits in real time. The server's reaper and clock need seconds, and have no event to wait for. */
function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until the recorder has recorded nothing for half a second. */
async function quiet(events: readonly string[]): Promise<void> {
  for (let count = -1; count !== events.length; await later(500)) count = events.length;
}
