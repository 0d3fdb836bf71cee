import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";
import { rssBytes } from "./process-figures.js";
import {
  type HandlerRoute,
  type Mongrel2Mode,
  type Mongrel2Settings,
  serverFile,
  serverUuid,
  settingsOf,
} from "./mongrel2-config.js";

/** The routes for Pharos in mongrel2/mongrel2.conf, including the routes for `--push-stream`. */
const pharosPaths = [
  "/esupdates",
  "/poll",
  "/ws",
  "/healthz",
  "/livez",
  "/readyz",
  "/.well-known/mercure",
  "/.well-known/oauth-protected-resource",
  "/publish",
  "/history",
  "/disconnect",
  "/revoke",
  "/pub",
  "/channels-stats",
  "/sub/",
  "/ev/",
  "/lp/",
  "/jsonp/",
  "/events/",
];

export interface Mongrel2Options {
  readonly mode: Mongrel2Mode;
  /** Added to the settings of the mode. These settings override the settings of the mode. */
  readonly settings?: Mongrel2Settings;
  /** Further handlers. The tool chooses missing addresses; the server's `handlers` has the result. */
  readonly handlers?: readonly (Pick<HandlerRoute, "path"> & Partial<HandlerRoute>)[];
  /** Paths of the Pharos handler. @default /esupdates and /healthz */
  readonly paths?: readonly string[];
  /** Header format of the Pharos handler. @default json */
  readonly protocol?: "json" | "tnetstring";
  /** Host names; the first is the default host. @default localhost */
  readonly hosts?: readonly string[];
  /** A folder whose copy is served at `/`. @default one page that says "static" */
  readonly htmlDir?: string;
  /** @default ipc */
  readonly transport?: "ipc" | "tcp";
  /** `superpoll.max_fd`; half as many clients can connect. @default 8192 */
  readonly maxFd?: number;
}

/** A running Mongrel2. The addresses and the port stay the same across {@link Mongrel2Server.restart}. */
export interface Mongrel2Server {
  readonly port: number;
  /** Addresses of the Pharos handler, for a handler outside the scratch folder. */
  readonly sendSpec: string;
  readonly recvSpec: string;
  readonly controlSpec: string;
  /** The other handlers, in the order of the option. */
  readonly handlers: readonly HandlerRoute[];
  readonly dir: string;
  readonly pid: number;
  /** Ends the process and removes the scratch folder, also after `kill`. Safe to call twice. */
  stop(): Promise<void>;
  /** Ends the process with a signal, and waits until it has exited. */
  kill(signal?: "SIGKILL" | "SIGINT" | "SIGTERM"): Promise<void>;
  /** Starts the server again with the same configuration. Ends a running server first. */
  restart(): Promise<void>;
  /** Sends a signal such as SIGSTOP, SIGCONT or SIGHUP, and does not wait. */
  signal(name: NodeJS.Signals): void;
  rssBytes(): number;
  /** The server's log, for messages of failing tests. */
  log(): string;
}

const startDeadlineMs = 60_000;
const stopDeadlineMs = 20_000;

/**
 * Starts a real Mongrel2 in a scratch folder. Resolves when the server answers requests. The Pharos handler serves
 * `/esupdates` and `/healthz`. All other paths are static files. The caller must call `stop`.
 */
export async function startMongrel2(options: Mongrel2Options): Promise<Mongrel2Server> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-m2-"));
  const layout = await layOut(dir, options);
  await promisify(execFile)("m2sh", ["load", "-config", "mongrel2.conf", "-db", "config.sqlite"], {
    cwd: dir,
    env: { ...process.env, LOGNAME: "test" },
  });
  const runner = new Runner(dir, layout.port);
  try {
    await runner.start();
  } catch (error) {
    await runner.remove();
    throw error;
  }
  const outside = (spec: string): string => spec.replace("ipc://run/", `ipc://${dir}/run/`);
  return {
    port: layout.port,
    sendSpec: outside(layout.pharos.sendSpec),
    recvSpec: outside(layout.pharos.recvSpec),
    controlSpec: `ipc://${dir}/run/control`,
    handlers: layout.others.map(({ sendSpec, recvSpec, path }) => ({
      path,
      sendSpec: outside(sendSpec),
      recvSpec: outside(recvSpec),
    })),
    dir,
    get pid() {
      return runner.pid;
    },
    stop: () => runner.remove(),
    kill: (signal = "SIGKILL") => runner.end(signal),
    restart: async () => {
      await runner.end("SIGKILL");
      await runner.start();
    },
    signal: (name) => process.kill(runner.pid, name),
    rssBytes: () => rssBytes(runner.pid),
    log: () => runner.log(),
  };
}

interface Layout {
  readonly port: number;
  readonly pharos: HandlerRoute;
  readonly others: readonly HandlerRoute[];
}

async function layOut(dir: string, options: Mongrel2Options): Promise<Layout> {
  for (const name of ["run", "logs", "tmp", "html"]) mkdirSync(join(dir, name));
  if (options.htmlDir === undefined) writeFileSync(join(dir, "html", "index.html"), "static\n");
  else cpSync(options.htmlDir, join(dir, "html"), { recursive: true });
  const transport = options.transport ?? "ipc";
  const port = await freePort();
  const pharos: HandlerRoute = {
    path: "",
    sendSpec: await address(transport, "requests"),
    recvSpec: await address(transport, "responses"),
    protocol: options.protocol ?? (options.mode === "shipped" ? "tnetstring" : "json"),
  };
  const others: HandlerRoute[] = [];
  for (const [index, other] of (options.handlers ?? []).entries()) {
    others.push({
      ...other,
      sendSpec: other.sendSpec ?? (await address(transport, `requests-${index}`)),
      recvSpec: other.recvSpec ?? (await address(transport, `responses-${index}`)),
    });
  }
  const text = serverFile({
    port,
    hosts: options.hosts ?? ["localhost"],
    paths: options.paths ?? pharosPaths,
    pharos,
    others,
    controlSpec: "ipc://run/control",
    settings: { ...settingsOf(options.mode, options.maxFd ?? 8192), ...options.settings },
  });
  writeFileSync(join(dir, "mongrel2.conf"), text);
  return { port, pharos, others };
}

async function address(transport: "ipc" | "tcp", name: string): Promise<string> {
  return transport === "ipc" ? `ipc://run/${name}` : `tcp://127.0.0.1:${await freePort()}`;
}

/** The server process and its folder. `end` ends a run; `remove` removes the folder. */
class Runner {
  readonly #dir: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  readonly #onExit = (): void => {
    this.#child?.kill("SIGKILL");
  };

  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
    process.on("exit", this.#onExit);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("Mongrel2 is not running");
    return pid;
  }

  async start(): Promise<void> {
    // If the pid file of a killed server still exists, the next start fails.
    rmSync(join(this.#dir, "run", "mongrel2.pid"), { force: true });
    const output = openSync(join(this.#dir, "output.log"), "a");
    // The kernel ends the server when this process dies. If the test runner kills a test worker at the time limit, the
    // worker runs no clean-up.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "mongrel2", "config.sqlite", serverUuid], {
      cwd: this.#dir,
      stdio: ["ignore", output, output],
      env: { ...process.env, LOGNAME: "test" },
    });
    closeSync(output);
    this.#child = child;
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    await once(child, "spawn");
    await this.#answering();
  }

  async #answering(): Promise<void> {
    const deadline = performance.now() + startDeadlineMs;
    while (!(await answers(this.#port))) {
      if (this.#child === undefined) throw new Error(`Mongrel2 ended at its start:\n${this.log()}`);
      if (performance.now() > deadline) throw new Error(`Mongrel2 answers no request:\n${this.log()}`);
      await delay(20);
    }
  }

  async end(signal: "SIGKILL" | "SIGINT" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill(signal);
    // A stopped process only reacts to SIGCONT and SIGKILL.
    child.kill("SIGCONT");
    const late = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
    await gone;
    clearTimeout(late);
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    process.off("exit", this.#onExit);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  log(): string {
    return ["output.log", "logs/error.log"].map((name) => tail(join(this.#dir, name))).join("\n");
  }
}

function tail(path: string): string {
  try {
    return readFileSync(path, "utf8").slice(-4000);
  } catch {
    return "";
  }
}

/**
 * Tests whether the server answers a request. A connection alone proves nothing: the kernel accepts connections before
 * the server binds the handlers' addresses. After a kill, the socket files of the previous run still exist.
 */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
