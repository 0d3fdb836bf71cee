import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { ClientKind, Running, StartOptions } from "../candidate/candidate.js";
import { exists, benchmarkDir } from "../machine/paths.js";
import { ServerChild } from "../candidate/spawned-server.js";

const lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** One installation brings all of them. */
let installing: Promise<string | undefined> | undefined;

/** Starts a program of peers/ that publishes, from inside, what comes to it line by line. */
export async function startPeer({ own }: StartOptions, name: string, client: ClientKind): Promise<Running> {
  const args = [join(benchmarkDir, "peers", `${name}.mjs`)];
  const env = { NODE_ENV: "production" };
  const child = own(new ServerChild({ name, command: process.execPath, args, env }));
  const [, port, publisherPort] = await child.waitForOutput(/^ready (\d+) (\d+)$/m);
  return {
    port: Number(port),
    client,
    publisher: { kind: "lines", port: Number(publisherPort) },
    counted: [child],
  };
}

/** Installs the packages of scripts/benchmark unless they are there; the reason when that fails. */
export async function missingPeer(name: string): Promise<string | undefined> {
  const installed = join(benchmarkDir, "node_modules", name, "package.json");
  if (await exists(installed)) return undefined;
  installing ??= install();
  return installing;
}

/** The version that the lock file has, and Node's. */
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
