import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { compiled } from "../../scripts/benchmark/native/compile.js";
import type { ClientKind } from "../../scripts/benchmark/candidate/client-kind.js";
import { LoadClients, type LoadClientsOptions } from "../../scripts/benchmark/load/load-clients.js";
import { encodePayload, monotonicUs } from "../../scripts/benchmark/publisher/payload.js";
import { processTree } from "../../scripts/benchmark/machine/processes.js";
import { run } from "../../scripts/benchmark/run/run.js";
import { quickSize } from "../../scripts/benchmark/scenarios/run-size.js";
import { scenarios } from "../../scripts/benchmark/scenarios/all.js";
import { root } from "../support/ipc.js";
import { parsePort } from "../support/parse-port.js";

const bench = join(root, "scripts", "bench");
const within = 60_000;
const all = { cut: 2 ** 32 - 1 };

function scratchFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-bench-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
const result = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("measured"),
    candidate: z.string(),
    figures: z.record(z.string(), spread),
    faults: z.record(z.string(), z.number()),
  }),
  z.object({ kind: z.literal("not-measured"), candidate: z.string(), reason: z.string().min(1) }),
]);
const report = z.object({
  schema: z.literal(2),
  kind: z.literal("quick"),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  turns: z.literal(1),
  payloadBytes: z.literal(200),
  machine: z.object({
    cpu: z.string().min(1),
    cores: z.number(),
    memoryGib: z.number(),
    kernel: z.string(),
    node: z.string(),
  }),
  candidates: z.array(z.object({ kind: z.enum(["present", "left-out"]), name: z.string() })),
  scenarios: z.array(z.object({ name: z.string(), title: z.string(), results: z.array(result) })),
});

test("a quick run has every scenario, measured or with the reason why not", async () => {
  const dir = scratchFolder();
  const [json, svg] = [join(dir, "bench.json"), join(dir, "bench.svg")];
  const args = ["--quick", "--only", "pharos,floor", "--json", json, "--svg", svg];
  const { stdout } = await promisify(execFile)(bench, args);
  const { candidates, scenarios: measured } = report.parse(JSON.parse(readFileSync(json, "utf8")));
  expect(candidates).toMatchObject([
    { kind: "present", name: "pharos" },
    { kind: "present", name: "floor" },
  ]);
  expect(measured.map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name));
  for (const { name, results } of measured) {
    expect(results.map(({ candidate }) => candidate)).toEqual(["pharos", "floor"]);
    expect({ name, pharos: results[0] }).toMatchObject({ name, pharos: { kind: "measured", faults: {} } });
  }
  const floorCannot = measured.filter(({ results }) => results[1]?.kind === "not-measured");
  expect(floorCannot.map(({ name }) => name)).toEqual(["resume-storm", "topics-10000"]);
  expect(stdout).toContain("floor (C), delay at 2,000 publications/s to 10,000 topics");
  expect(readFileSync(svg, "utf8")).toMatch(/^<svg [^]*prefers-color-scheme: dark[^]*<\/svg>\n$/);
});

test.each([
  {
    args: ["--only", "apache"],
    says: 'given "apache", allowed: pharos, pharos-disk, pharos-mongrel2, nchan',
  },
  { args: ["--scenario", "x"], says: 'given "x", allowed: round-trip' },
  { args: ["--turns", "0"], says: "allowed: a number from 1 to 20" },
  { args: ["--fast"], says: "--fast" },
  { args: ["--scale", "--curves"], says: "--scale and --curves exclude each other" },
  { args: ["--scale", "--compare", "x"], says: "--scale and --compare exclude each other" },
  { args: ["--curves", "--scenario", "x"], says: "allowed: clients, rate, payload, topics" },
])("$args is refused with what is allowed, and exit code 2", async ({ args, says }) => {
  const child = spawn(bench, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = await once(child, "close");
  expect(stderr).toContain(says);
  expect(code).toBe(2);
});

test("another checkout takes turns with this one, and the medians are compared", async () => {
  const json = join(scratchFolder(), "bench.json");
  const args = ["--compare", root, "--quick", "--turns", "2", "--scenario", "delay-1000", "--json", json];
  const { stdout } = await promisify(execFile)(bench, args);
  const { kind, turns, comparisons } = z
    .object({
      kind: z.string(),
      turns: z.number(),
      comparisons: z.array(z.object({ figure: z.string(), ratio: z.number() })),
    })
    .parse(JSON.parse(readFileSync(json, "utf8")));
  expect([kind, turns, comparisons.map(({ figure }) => figure)]).toEqual(["compare", 2, ["p50", "p99"]]);
  expect(stdout).toMatch(/\| delay-1000 \| p99, ms/);
});

test("a checkout that is not built is left out with the command that builds it", async () => {
  const dir = scratchFolder();
  const args = ["--compare", dir, "--quick", "--only", "base", "--scenario", "delay-1000"];
  const { stdout } = await promisify(execFile)(bench, args);
  expect(stdout).toContain(`does not exist; build it with ${dir}/scripts/pharos --version`);
});

test("a stopped run prints its results so far and leaves no process behind", async () => {
  const json = join(scratchFolder(), "bench.json");
  const args = ["--quick", "--only", "floor", "--turns", "20", "--scenario", "round-trip", "--json", json];
  const child = spawn(bench, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const over = once(child, "close");
  // When 10% is printed, the command has saved at least one turn.
  await expect.poll(() => stderr, { timeout: within }).toContain("10% after");
  // Between two turns the command has no child process.
  let tree: readonly number[] = [];
  await expect
    .poll(() => (tree = processTree(child.pid ?? 0)).length, { timeout: within })
    .toBeGreaterThan(1);
  child.kill("SIGINT");
  expect((await over)[0]).toBe(1);
  expect(stderr).toContain("bench: stopped by SIGINT");
  expect(stdout).toMatch(/^Stopped before its end\.\n[^]*\| floor \(C\) \|/);
  expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ finished: false });
  await expect.poll(() => tree.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: within }).toEqual([]);
});

test("a scenario that takes too long has one turn", async () => {
  const listener = createServer((socket) => socket.on("error", () => socket.destroy()));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => void listener.close());
  const port = parsePort(listener.address());
  const measure = async () => ({ figures: { ms: 9000 }, once: true });
  const { scenarios: measured } = await run({
    candidates: [
      {
        name: "slow",
        title: "slow",
        settings: [],
        unsupported: {},
        unavailable: async () => undefined,
        version: async () => "1",
        start: async () => ({
          port,
          client: { kind: "sse", path: "/" },
          publisher: { kind: "lines", port },
          processes: [],
        }),
      },
    ],
    scenarios: [
      {
        name: "long",
        title: "long",
        figures: { ms: { title: "time", unit: "ms", better: "less" } },
        environment: () => ({ clients: 0, topics: "one", ids: false }),
        measure,
      },
    ],
    size: quickSize,
    turns: 3,
    progress: () => undefined,
  });
  expect(measured[0]?.results).toMatchObject([{ kind: "measured", turns: [{ figures: { ms: 9000 } }] }]);
});

/** Starts a server that answers each request with `onRequest`. Resolves with its port. */
async function serve(onRequest: (socket: Socket, request: string) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (data) => onRequest(socket, data.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return parsePort(server.address());
}

async function loadClientsAt(
  options: Omit<LoadClientsOptions, "program" | "client"> & { readonly client?: ClientKind },
) {
  const loadClients = new LoadClients({
    client: { kind: "sse", path: "/" },
    ...options,
    program: await compiled("load"),
  });
  onTestFinished(async () => loadClients.close());
  return loadClients;
}

const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

function event(sequence: number, stream = 0): string {
  return `id: ${sequence}\ndata: ${encodePayload({ sequence, stream, sentUs: monotonicUs() })}\n\n`;
}

const none = { missed: 0, repeated: 0, disordered: 0, foreign: 0, corrupt: 0, closed: 0 };

test.each([
  { what: "nothing", sent: [1, 2, 3, 4, 5, 6], faults: {} },
  { what: "a missed event", sent: [1, 2, 4, 5, 6], faults: { missed: 1 } },
  { what: "a repeated event", sent: [1, 2, 3, 3, 4, 5, 6], faults: { repeated: 1 } },
  { what: "two events in the wrong order", sent: [1, 2, 4, 3, 5, 6], faults: { disordered: 1 } },
  {
    what: "an event that is late and then repeated",
    sent: [1, 4, 5, 3, 3, 6],
    faults: { missed: 1, disordered: 1, repeated: 1 },
  },
])("the load generator finds $what", async ({ sent, faults }) => {
  const port = await serve((socket) => socket.write(head + sent.map((sequence) => event(sequence)).join("")));
  const loadClients = await loadClientsAt({ clients: 3, port });
  expect(await loadClients.open({ within })).toMatchObject({ open: 3, refused: 0 });
  await loadClients.reach({ sequence: 6, ...all }, { within });
  const found = Object.fromEntries(Object.entries(faults).map(([name, count]) => [name, count * 3]));
  const seen = await loadClients.report();
  expect(seen.faults).toEqual({ ...none, ...found });
  expect(seen.events).toBe(sent.length * 3);
});

test("the load generator finds an event of another stream, a broken marker and a closed connection", async () => {
  const bytes = `${head}${event(1)}${event(1, 7)}data: ~2 x~\n\n${event(2)}`;
  const port = await serve((socket) => socket.end(bytes));
  const loadClients = await loadClientsAt({ clients: 1, port });
  await loadClients.open({ within });
  await expect.poll(async () => (await loadClients.report()).open, { timeout: within }).toBe(0);
  const { faults, events } = await loadClients.report();
  expect({ faults, events }).toEqual({ faults: { ...none, foreign: 1, corrupt: 1, closed: 1 }, events: 2 });
});

test("the load generator reads events in pieces of any size", async () => {
  const port = await serve((socket) => {
    socket.setNoDelay(true);
    const bytes = `${head}${event(1)}${event(2)}${event(3)}`;
    const sendFrom = (at: number): void => {
      if (at < bytes.length) socket.write(bytes.slice(at, at + 1), () => setImmediate(sendFrom, at + 1));
    };
    sendFrom(0);
  });
  const loadClients = await loadClientsAt({ clients: 1, port });
  await loadClients.open({ within });
  expect(await loadClients.reach({ sequence: 3, ...all }, { within })).toMatchObject({ behind: 0 });
  expect((await loadClients.report()).faults).toEqual(none);
});

test("clients reconnect with the id of the last whole event", async () => {
  const requests: string[] = [];
  const port = await serve((socket, request) => {
    requests.push(request);
    socket.write(requests.length === 1 ? `${head}${event(1)}id: 2\ndata: cut` : head + event(2));
  });
  const loadClients = await loadClientsAt({ clients: 1, port, ids: true });
  await loadClients.open({ within });
  await loadClients.reach({ sequence: 1, ...all }, { within });
  await loadClients.drop();
  await loadClients.reconnect({ within });
  expect(await loadClients.reach({ sequence: 2, ...all }, { within })).toMatchObject({ open: 1, behind: 0 });
  expect(requests[0]).not.toContain("Last-Event-ID");
  expect(requests[1]).toContain("\r\nLast-Event-ID: 1\r\n");
  expect((await loadClients.report()).faults).toEqual(none);
});

test("several load processes share the clients and the streams", async () => {
  const paths: string[] = [];
  const port = await serve((socket, request) => {
    const path = /^GET \/(\d+) /.exec(request)?.[1] ?? "";
    paths.push(path);
    socket.write(head + event(1, Number(path)));
  });
  const client = { kind: "sse", path: "/{stream}" } as const;
  const loadClients = await loadClientsAt({ clients: 50, port, perProcess: 20, streams: 50, client });
  expect(await loadClients.open({ within })).toMatchObject({ open: 50, refused: 0 });
  expect(await loadClients.reach({ sequence: 1, ...all }, { within })).toMatchObject({ behind: 0 });
  expect(new Set(paths).size).toBe(50);
  expect(await loadClients.report()).toMatchObject({ events: 50, faults: none });
});
