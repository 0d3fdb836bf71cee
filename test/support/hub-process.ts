import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./ipc.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { cpuSeconds, peakRssBytes, rssBytes } from "./process-figures.js";
import { Changes } from "./wait-for.js";

export interface HubOptions {
  /** `--http`. @default "127.0.0.1:0" */
  readonly http?: string;
  /** `--ingest`, each. @default one ipc endpoint in the scratch folder */
  readonly ingest?: readonly string[];
  /** `--mongrel2`, each. @default none */
  readonly mongrel2?: readonly string[];
  /** `--admin`; "default" gives none. @default "off" */
  readonly admin?: string;
  /** Further arguments of `pharos serve`. @default none */
  readonly args?: readonly string[];
  /** Written to a file and given with `--config`. @default none */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Added to the environment. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node itself, such as a heap limit. @default none */
  readonly nodeArgs?: readonly string[];
  /** A folder to work in and leave alone, such as that of an earlier run. @default a new one, removed with the test */
  readonly scratch?: string;
  /** How long it may take to be ready, in milliseconds. @default 60000 */
  readonly within?: number;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** The line `ready key=value …` of a hub. */
export type Ready = ReadonlyMap<string, readonly string[]>;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A hub of its own: the built command line as a child process. */
export class HubProcess {
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  /** The folder in which its sockets and configuration lie; it goes with the test. */
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

  /** The log, as far as it has come. */
  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended; `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** What the line `ready …` said. Empty before it came. */
  get ready(): Ready {
    const line = this.#stdout.split("\n").find((line) => line.startsWith("ready "));
    return line === undefined ? new Map() : parseReady(line);
  }

  /** The port of the HTTP front. Throws when it has none. */
  get httpPort(): number {
    const port = /:(\d+)\/?$/.exec(this.ready.get("http")?.[0] ?? "")?.[1];
    if (port === undefined) throw new Error(`the hub has no HTTP front: ${this.#stdout}`);
    return Number(port);
  }

  /** The origin of the HTTP front, without a slash at its end. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Where to push to: the first ingest endpoint, without `@` or `>`. Throws when there is none. */
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

  /** Sends a signal, such as SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Until the log matches; returns the match. Rejects when it ends before. */
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

  /** Until it has ended by itself or by a signal. */
  async waitForExit(options: { readonly within: number }): Promise<Exit> {
    await this.#changes.until(() => this.#exit !== undefined, {
      within: options.within,
      missing: () => `the hub has not ended; its log ends with ${this.#logEnd()}`,
    });
    return this.#exit ?? { code: null, signal: null };
  }

  /** Stops it in order (SIGTERM) and returns how it ended. */
  async stop(options: { readonly within?: number } = {}): Promise<Exit> {
    if (this.#exit === undefined) this.#child.kill("SIGTERM");
    return this.waitForExit({ within: options.within ?? 30_000 });
  }

  /** Kills it with SIGKILL, as a crash would, and waits until it is gone. Safe to call twice. */
  async kill(): Promise<void> {
    if (this.#exit === undefined) this.#child.kill("SIGKILL");
    await this.waitForExit({ within: 30_000 });
  }

  /** Until the line `ready …`; rejects with the log when it ends before. */
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

/** The built command line; `npm run build` makes it. */
export const hubEntry = join(root, "dist", "cli", "main.js");

/** Starts a hub and waits until it is ready; it ends with the test. */
export async function startHub(options: HubOptions = {}): Promise<HubProcess> {
  const hub = await spawnHub(options);
  await hub.waitForReady({ within: options.within ?? 60_000 });
  return hub;
}

/** Starts a hub without waiting for it: for what must fail at the start. */
export async function spawnHub(options: HubOptions = {}): Promise<HubProcess> {
  if (!existsSync(hubEntry)) throw new Error(`${hubEntry} is missing: run npm run build first`);
  const scratch = options.scratch ?? (await mkdtemp(join(tmpdir(), "pharos-hub-")));
  const args = [...(options.nodeArgs ?? []), hubEntry, "serve", ...(await hubArguments(options, scratch))];
  const child = spawn(process.execPath, args, {
    cwd: scratch,
    // The records of open streams stay in the scratch folder, not in the user's own.
    env: { ...process.env, XDG_STATE_HOME: join(scratch, "state"), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const hub = new HubProcess(child, scratch);
  // A test process that is itself ended must not leave a hub behind.
  const last = (): void => void child.kill("SIGKILL");
  process.once("exit", last);
  (options.onEnd ?? atTestEnd)(async () => {
    await hub.kill();
    process.off("exit", last);
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

/** Reads `ready key=value …`; a key may come several times. */
export function parseReady(line: string): Ready {
  const ready = new Map<string, string[]>();
  for (const part of line.trim().split(/\s+/).slice(1)) {
    const at = part.indexOf("=");
    const key = part.slice(0, at);
    ready.set(key, [...(ready.get(key) ?? []), part.slice(at + 1)]);
  }
  return ready;
}
