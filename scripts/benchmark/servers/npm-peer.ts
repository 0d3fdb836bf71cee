import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { RunningServer, StartOptions } from "../candidate/candidate.js";
import type { ClientKind } from "../candidate/client-kind.js";
import { exists, benchmarkDir } from "../machine/paths.js";
import { SpawnedServer } from "../candidate/spawned-server.js";

const lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** All servers share this promise, because one installation contains the packages of all servers. */
let installing: Promise<string | undefined> | undefined;

/** Starts a program of peers/. The server program itself publishes each line that it receives. */
export async function startPeer(
  { register }: StartOptions,
  name: string,
  client: ClientKind,
): Promise<RunningServer> {
  const args = [join(benchmarkDir, "peers", `${name}.mjs`)];
  const env = { NODE_ENV: "production" };
  const server = register(new SpawnedServer({ name, command: process.execPath, args, env }));
  const [, port, publisherPort] = await server.waitForOutput(/^ready (\d+) (\d+)$/m);
  return {
    port: Number(port),
    client,
    publisher: { kind: "lines", port: Number(publisherPort) },
    processes: [server],
  };
}

/**
 * Installs the packages of scripts/benchmark if they are missing. If the installation fails, the function returns the
 * reason.
 */
export async function unavailablePeer(name: string): Promise<string | undefined> {
  const installed = join(benchmarkDir, "node_modules", name, "package.json");
  if (await exists(installed)) return undefined;
  installing ??= install();
  return installing;
}

/** The package's version in the lock file, and Node's version. */
export async function peerVersion(name: string): Promise<string> {
  const { packages } = lock.parse(
    JSON.parse(await readFile(join(benchmarkDir, "package-lock.json"), "utf8")),
  );
  return `${packages[`node_modules/${name}`]?.version ?? "unknown"}, Node ${process.version}`;
}

async function install(): Promise<string | undefined> {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  try {
    await promisify(execFile)("npm", args, { cwd: benchmarkDir });
    return undefined;
  } catch (error) {
    return `npm ci failed in scripts/benchmark: ${error instanceof Error ? error.message : String(error)}`;
  }
}
