import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { waitFor } from "./wait-for.js";

export interface HaproxyOptions {
  /** The port of the hub that gets all clients while it is ready. */
  readonly first: number;
  /** The port of the hub that gets them otherwise. */
  readonly second: number;
  /** The most clients. Each of them needs two descriptors. */
  readonly clients: number;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A process of HAProxy in front of two hubs. It asks each hub for `/readyz` each second. */
export interface Haproxy {
  readonly port: number;
  /** What HAProxy thinks of the first hub, such as `UP` or `DOWN`. */
  stateOfFirst(): Promise<string>;
}

export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-haproxy-"));
  const port = await freePort();
  const file = join(dir, "haproxy.cfg");
  const socket = join(dir, "stats");
  await writeFile(file, configuration(options, { port, socket }));
  // The kernel ends HAProxy when this process dies.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "haproxy", "-db", "-f", file], { stdio: "ignore" });
  (options.onEnd ?? atTestEnd)(async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  });
  const stateOfFirst = (): Promise<string> => stateOf(socket, "first");
  await waitFor(async () => (await stateOfFirst().catch(() => "")) === "UP", {
    within: 30_000,
    missing: () => `HAProxy with a first hub that is up (exit code ${String(child.exitCode)})`,
  });
  return { port, stateOfFirst };
}

interface Place {
  readonly port: number;
  readonly socket: string;
}

function configuration({ first, second, clients }: HaproxyOptions, { port, socket }: Place): string {
  return `
global
  maxconn ${clients + 200}
  nbthread 1
  stats socket ${socket} mode 600 level user
defaults
  mode http
  timeout connect 5s
  timeout check 5s
  retries 5
  option redispatch
  timeout client 1m
  timeout server 1m
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  option forwardfor
  default_backend hubs
backend hubs
  option httpchk GET /readyz
  default-server check inter 1s fall 2 rise 1
  server first 127.0.0.1:${first}
  server second 127.0.0.1:${second} backup
`;
}

async function stateOf(socket: string, server: string): Promise<string> {
  const rows = (await command(socket, "show stat")).split("\n").map((row) => row.split(","));
  const column = rows[0]?.indexOf("status") ?? -1;
  const row = rows.find(([proxy, name]) => proxy === "hubs" && name === server);
  // During checks that fail, the state is `UP 1/2`.
  return row?.[column]?.split(" ", 1)[0] ?? "";
}

/** Sends a command to HAProxy's socket, and returns the answer. */
async function command(path: string, text: string): Promise<string> {
  const connection = connect(path);
  connection.end(`${text}\n`);
  let answer = "";
  for await (const bytes of connection.setEncoding("utf8")) answer += String(bytes);
  return answer;
}
