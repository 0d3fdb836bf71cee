import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./ipc.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { cpuSeconds, peakRssBytes, rssBytes } from "./process-figures.js";
import { Changes } from "./wait-for.js";

export interface HubOptions {
  /** The option `--http`. @default "127.0.0.1:0" */
  readonly http?: string;
  /** One option `--ingest` for each. @default one ipc endpoint in the scratch folder */
  readonly ingest?: readonly string[];
  /** One option `--mongrel2` for each. @default none */
  readonly mongrel2?: readonly string[];
  /** The option `--admin`; "default" omits it. @default "off" */
  readonly admin?: string;
  /** Further arguments of `pharos serve`. @default none */
  readonly args?: readonly string[];
  /** Written to a file that `--config` names. @default none */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Added to the environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** The limit of file descriptors. @default that of this process */
  readonly descriptors?: number;
  /** The file that node runs. @default the built command line of this checkout */
  readonly entry?: string;
  /** A command that runs node, such as `nsenter` with its arguments. @default none */
  readonly enter?: readonly string[];
  /** Options of node, such as a heap limit. @default none */
  readonly nodeArgs?: readonly string[];
  /**
   * An existing scratch folder, such as the folder of an earlier run. The test does not remove this folder. @default a
   * new folder, removed after the test
   */
  readonly scratch?: string;
  /** The time-out for the start, in milliseconds. A busy machine may need minutes. @default 180000 */
  readonly within?: number;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** The fields of the hub's line `ready key=value …`. */
export type Ready = ReadonlyMap<string, readonly string[]>;

/** The exit status of a process. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A hub as a child process: the built command line. */
export class HubProcess {
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  /** The folder with the hub's sockets and configuration. The folder is removed after the test. */
  readonly scratch: string;
  #stdout = "";
  #stderr = "";
  #exit: Exit | undefined;

  constructor(child: ChildProcess, scratch: string) {
    this.#child = child;
    this.scratch = scratch;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#changes.changed();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#changes.changed();
    });
    child.on("error", (error) => {
      this.#stderr += error.message;
      this.#ended({ code: null, signal: null });
    });
    child.on("close", (code, signal) => this.#ended({ code, signal }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The log so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The exit status; `undefined` while the hub runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The fields of the line `ready …`; empty before the hub has printed the line. */
  get ready(): Ready {
    const line = this.#stdout.split("\n").find((line) => line.startsWith("ready "));
    return line === undefined ? new Map() : parseReady(line);
  }

  /** The port of the HTTP front. Throws if the hub has no HTTP front. */
  get httpPort(): number {
    const port = /:(\d+)\/?$/.exec(this.ready.get("http")?.[0] ?? "")?.[1];
    if (port === undefined) throw new Error(`the hub has no HTTP front: ${this.#stdout}`);
    return Number(port);
  }

  /** The origin of the HTTP front, without a slash at its end. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** The first ingest endpoint, without `@` or `>`. Throws if the hub has no ingest endpoint. */
  get ingest(): string {
    const endpoint = this.ready.get("ingest")?.[0]?.replace(/^[@>]/, "");
    if (endpoint === undefined) throw new Error(`the hub has no ingest endpoint: ${this.#stdout}`);
    return endpoint;
  }

  rssBytes(): number {
    return rssBytes(this.pid);
  }

  peakRssBytes(): number {
    return peakRssBytes(this.pid);
  }

  cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  /** Sends a signal, such as SIGSTOP or SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the log matches, and returns the match. Rejects if the hub exits first. */
  async waitForLog(pattern: RegExp, options: { readonly within: number }): Promise<RegExpExecArray> {
    const found = (): RegExpExecArray | null => pattern.exec(this.#stderr);
    await this.#changes.until(() => found() !== null || this.#exit !== undefined, {
      within: options.within,
      missing: () => `the hub has not logged ${String(pattern)}; its log ends with ${this.#logEnd()}`,
    });
    const match = found();
    if (match === null)
      throw new Error(`the hub ended before it logged ${String(pattern)}: ${this.#logEnd()}`);
    return match;
  }

  /** Waits until the hub has exited. */
  async waitForExit(options: { readonly within: number }): Promise<Exit> {
    await this.#changes.until(() => this.#exit !== undefined, {
      within: options.within,
      missing: () => `the hub has not ended; its log ends with ${this.#logEnd()}`,
    });
    return this.#exit ?? { code: null, signal: null };
  }

  /** Stops the hub with SIGTERM, and returns its exit status. */
  async stop(options: { readonly within?: number } = {}): Promise<Exit> {
    if (this.#exit === undefined) this.#child.kill("SIGTERM");
    return this.waitForExit({ within: options.within ?? 30_000 });
  }

  /** Kills the hub with SIGKILL, like a crash, and waits until the hub has exited. Safe to call twice. */
  async kill(): Promise<void> {
    if (this.#exit === undefined) this.#child.kill("SIGKILL");
    await this.waitForExit({ within: 30_000 });
  }

  /** Waits for the line `ready …`. Rejects with the log if the hub exits first. */
  async waitForReady(options: { readonly within: number }): Promise<void> {
    await this.#changes.until(() => this.ready.size > 0 || this.#exit !== undefined, {
      within: options.within,
      missing: () => `the hub is not ready; its log ends with ${this.#logEnd()}`,
    });
    if (this.ready.size === 0)
      throw new Error(
        `the hub ended with code ${this.#exit?.code ?? "?"} before it was ready: ${this.#logEnd()}`,
      );
  }

  #ended(exit: Exit): void {
    this.#exit ??= exit;
    this.#changes.changed();
  }

  #logEnd(): string {
    return this.#stderr.slice(-1500) || "nothing";
  }
}

/** The built command line. `npm run build` writes this file. */
export const hubEntry = join(root, "dist", "cli", "main.js");

/** Starts a hub and waits until the hub is ready. The hub is stopped after the test. */
export async function startHub(options: HubOptions = {}): Promise<HubProcess> {
  const hub = await spawnHub(options);
  await hub.waitForReady({ within: options.within ?? 180_000 });
  return hub;
}

/** Starts a hub and does not wait until the hub is ready. For tests of a failing start. */
export async function spawnHub(options: HubOptions = {}): Promise<HubProcess> {
  const { entry = hubEntry } = options;
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run npm run build first`);
  const scratch = options.scratch ?? (await mkdtemp(join(tmpdir(), "pharos-hub-")));
  const { descriptors, enter = [], nodeArgs = [] } = options;
  const limit = descriptors === undefined ? [] : ["prlimit", `--nofile=${descriptors}`];
  const serve = [entry, "serve", ...(await hubArguments(options, scratch))];
  const [file = "", ...args] = [...enter, ...limit, process.execPath, ...nodeArgs, ...serve];
  const spawning: SpawnOptions = {
    cwd: scratch,
    // Keeps the files of open streams in the scratch folder, not in the user's home.
    // Without a time for open streams, SIGTERM ends a hub as quickly as a test needs it.
    env: {
      ...process.env,
      XDG_STATE_HOME: join(scratch, "state"),
      PHAROS_CLOSE_OVER: "0",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  };
  const child = spawn(file, args, spawning);
  const hub = new HubProcess(child, scratch);
  // If the test process ends, the hub must end as well.
  const last = (): void => void child.kill("SIGKILL");
  process.once("exit", last);
  child.once("close", () => process.off("exit", last));
  (options.onEnd ?? atTestEnd)(async () => {
    await hub.kill();
    if (options.scratch === undefined) await rm(scratch, { recursive: true, force: true });
  });
  return hub;
}

async function hubArguments(options: HubOptions, scratch: string): Promise<string[]> {
  const ingest = options.ingest ?? [`@ipc://${join(scratch, "ingest")}`];
  const { http = "127.0.0.1:0", admin = "off" } = options;
  const args = ["--http", http, ...(admin === "default" ? [] : ["--admin", admin])];
  for (const endpoint of ingest) args.push("--ingest", endpoint);
  for (const link of options.mongrel2 ?? []) args.push("--mongrel2", link);
  if (options.config !== undefined) {
    const file = join(scratch, "config.json");
    await writeFile(file, JSON.stringify(options.config));
    args.push("--config", file);
  }
  return [...args, ...(options.args ?? [])];
}

/** Parses `ready key=value …`. A key may appear several times. */
export function parseReady(line: string): Ready {
  const ready = new Map<string, string[]>();
  for (const part of line.trim().split(/\s+/).slice(1)) {
    const at = part.indexOf("=");
    const key = part.slice(0, at);
    ready.set(key, [...(ready.get(key) ?? []), part.slice(at + 1)]);
  }
  return ready;
}
