import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { Child, Contestant, Running, StartOptions } from "../candidate/candidate.js";
import { root } from "../machine/paths.js";
import { ServerChild } from "../candidate/spawned-server.js";

const entry = join(root, "dist", "cli", "main.js");

/** A hub alone, with the HTTP front of its own. */
export const pharos: Contestant = {
  name: "pharos",
  title: "Pharos",
  settings: [
    "as it comes; published over ZeroMQ (ipc); limits on connections raised where more than 15,000 come",
  ],
  unable: {},
  missing: async () => undefined,
  version: pharosVersion,
  start: async (options) => {
    const hub = await startHub(options, ["--http", "127.0.0.1:0"]);
    const [, port = ""] = await hub.waitForOutput(/^ready .*http=http:\/\/127\.0\.0\.1:(\d+)/m);
    return running({ port: Number(port), counted: [hub], scratch: options.scratch });
  },
};

/** The version of this checkout. */
export async function pharosVersion(): Promise<string> {
  const manifest = z.object({ version: z.string() });
  return manifest.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8"))).version;
}

/** Starts a hub with its files in the scratch folder and one ingest endpoint there. */
export async function startHub(options: StartOptions, args: readonly string[]): Promise<ServerChild> {
  const config = join(options.scratch, "pharos.json");
  await writeFile(config, JSON.stringify({ limits: limitsFor(options.clients) }));
  const all = ["serve", "--admin", "off", "--state-dir", "off", "--log-level", "warn", "--config", config];
  const spec = {
    name: "Pharos",
    command: process.execPath,
    args: [entry, ...all, "--ingest", `@${ingestOf(options.scratch)}`, ...args],
    cwd: options.scratch,
  };
  return options.own(new ServerChild(spec));
}

/** The limits that so many clients of one topic each would meet, raised; fewer than 15,000 meet none. */
function limitsFor(clients: number): Readonly<Record<string, number>> {
  if (clients * 1.1 <= 15_000) return {};
  // A million is the most that the configuration takes.
  const streams = Math.min(1_000_000, Math.ceil(clients * 1.1));
  const room = {
    connections: streams,
    connectionsPerLocalAddress: streams,
    requestsPerLocalAddress: 100_000,
  };
  // 300 bytes a filter and its text.
  return { ...room, filterBytesInAll: Math.max(128 * 2 ** 20, streams * 400) };
}

/** What clients and publishers need to know of a hub. */
export function running(parts: {
  readonly port: number;
  readonly counted: readonly Child[];
  readonly scratch: string;
}): Running {
  return {
    port: parts.port,
    client: { kind: "sse", path: "/esupdates?topic=bench/{stream}" },
    publisher: { kind: "pharos", endpoint: ingestOf(parts.scratch), topic: "bench/{stream}" },
    counted: parts.counted,
  };
}

/** Whether this hub can run worker processes. */
export async function hasWorkers(): Promise<boolean> {
  const { stdout } = await promisify(execFile)(process.execPath, [entry, "serve", "--help"]);
  return stdout.includes("--workers");
}

function ingestOf(scratch: string): string {
  return `ipc://${join(scratch, "ingest")}`;
}
