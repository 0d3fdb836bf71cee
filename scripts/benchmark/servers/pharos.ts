import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { Candidate, RunningServer, ServerProcess, StartOptions } from "../candidate/candidate.js";
import { SpawnedServer } from "../candidate/spawned-server.js";
import { root } from "../machine/paths.js";

/** The hub of this checkout, with its own HTTP front. */
export const pharos: Candidate = {
  name: "pharos",
  title: "Pharos",
  settings: ["defaults; published over ZeroMQ (ipc); connection limits raised for more than 15,000 clients"],
  unsupported: {},
  unavailable: async () => undefined,
  version: async () => pharosVersion(),
  start: async (options) => startAlone(options, root),
};

/** Starts the hub of a checkout with its own HTTP front. */
export async function startAlone(options: StartOptions, checkout: string): Promise<RunningServer> {
  const hub = await startHub(options, { args: ["--http", "127.0.0.1:0"], checkout });
  const [, port = ""] = await hub.waitForOutput(/^ready .*http=http:\/\/127\.0\.0\.1:(\d+)/m);
  return running({ port: Number(port), processes: [hub], scratch: options.scratch });
}

/** The version of a checkout. */
export async function pharosVersion(checkout: string = root): Promise<string> {
  const manifest = z.object({ version: z.string() });
  return manifest.parse(JSON.parse(await readFile(join(checkout, "package.json"), "utf8"))).version;
}

/** The path of a checkout's command-line program, which exists after the build. */
export function entryOf(checkout: string): string {
  return join(checkout, "dist", "cli", "main.js");
}

/** Starts a hub with its files and one ingest endpoint in the scratch folder. */
export async function startHub(
  options: StartOptions,
  hub: { readonly args: readonly string[]; readonly checkout?: string },
): Promise<SpawnedServer> {
  const config = join(options.scratch, "pharos.json");
  await writeFile(config, JSON.stringify({ limits: limitsFor(options.clients) }));
  const all = ["serve", "--admin", "off", "--state-dir", "off", "--log-level", "warn", "--config", config];
  const spec = {
    name: "Pharos",
    command: process.execPath,
    args: [entryOf(hub.checkout ?? root), ...all, "--ingest", `@${ingestOf(options.scratch)}`, ...hub.args],
    cwd: options.scratch,
  };
  return options.register(new SpawnedServer(spec));
}

/**
 * Raises the limits that many clients from one address exceed. With up to 15,000 clients, the default limits are
 * enough.
 */
function limitsFor(clients: number): Readonly<Record<string, number>> {
  if (clients * 1.1 <= 15_000) return {};
  // The configuration accepts at most a million streams.
  const streams = Math.min(1_000_000, Math.ceil(clients * 1.1));
  const connectionLimits = {
    connections: streams,
    connectionsPerLocalAddress: streams,
    requestsPerLocalAddress: 100_000,
  };
  // The hub counts 300 bytes per filter, plus the filter's text.
  return { ...connectionLimits, filterBytesInAll: Math.max(128 * 2 ** 20, streams * 400) };
}

/** How clients and publishers reach a hub. */
export function running(parts: {
  readonly port: number;
  readonly processes: readonly ServerProcess[];
  readonly scratch: string;
}): RunningServer {
  return {
    port: parts.port,
    client: { kind: "sse", path: "/esupdates?topic=bench/{stream}" },
    publisher: { kind: "pharos", endpoint: ingestOf(parts.scratch), topic: "bench/{stream}" },
    processes: parts.processes,
  };
}

/** Whether this hub has the option `--workers`. */
export async function hasWorkers(): Promise<boolean> {
  const { stdout } = await promisify(execFile)(process.execPath, [entryOf(root), "serve", "--help"]);
  return stdout.includes("--workers");
}

function ingestOf(scratch: string): string {
  return `ipc://${join(scratch, "ingest")}`;
}
