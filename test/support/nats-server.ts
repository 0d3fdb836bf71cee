import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { freePort } from "./free-port.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
import { waitFor } from "./wait-for.js";

const startMs = 60_000;

export interface NatsServerOptions {
  /** @default "8MB" */
  readonly maxPayload?: string;
  /** @default true */
  readonly jetstream?: boolean;
  /** Lines at the end of the configuration file. */
  readonly more?: string;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** Where a server runs: on a host of its own, or on this one. */
export interface NatsHost {
  readonly address: string;
  /** The command that runs another command on the host. */
  readonly enter: readonly string[];
}

const thisHost: NatsHost = { address: "127.0.0.1", enter: [] };

interface Setup {
  readonly dir: string;
  readonly port: number;
  readonly host: NatsHost;
  readonly configuration: string;
}

/** A real nats-server with JetStream in a scratch folder. */
export class NatsServer {
  readonly #setup: Setup;
  #child: ChildProcess | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  get port(): number {
    return this.#setup.port;
  }

  /** The address as an option of a log. */
  get address(): string {
    return `${this.#setup.host.address}:${this.port}`;
  }

  /** Starts the process, also after {@link kill} or {@link stop}, with the same folder and port. */
  async start(): Promise<void> {
    const file = join(this.#setup.dir, "nats.conf");
    await writeFile(file, this.#setup.configuration);
    // The kernel ends the server when this process dies.
    const server = [...this.#setup.host.enter, "nats-server", "-c", file];
    this.#child = spawn("setpriv", ["--pdeathsig", "KILL", ...server], { stdio: "ignore" });
  }

  /** Waits until the server accepts connections. */
  async listening(): Promise<void> {
    await waitFor(() => this.#accepts(), {
      within: startMs,
      missing: `nats-server does not listen on ${this.address}`,
    });
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#signal("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#signal("SIGTERM");
  }

  /** Stops the process without closing its connections. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Copies what the server has stored. Call this while the server has ended. */
  async copyStore(): Promise<void> {
    const { dir } = this.#setup;
    await cp(join(dir, "store"), join(dir, "copy"), { recursive: true });
  }

  /** Replaces what the server has stored by the copy. Call this while the server has ended. */
  async restoreStore(): Promise<void> {
    const { dir } = this.#setup;
    await rm(join(dir, "store"), { recursive: true });
    await cp(join(dir, "copy"), join(dir, "store"), { recursive: true });
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    child.kill("SIGCONT");
    await ended;
  }

  async #accepts(): Promise<boolean> {
    try {
      const connection = await connect({ servers: this.address, reconnect: false, timeout: 1000 });
      await connection.close();
      return true;
    } catch {
      return false;
    }
  }
}

/** Starts a server of its own. It ends after the test. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = await scratch(options);
  const port = await freePort();
  const place = { dir, port, host: thisHost };
  const server = new NatsServer({ ...place, configuration: configuration({ ...place, options }) });
  (options.onEnd ?? atTestEnd)(() => server.kill());
  await server.start();
  await server.listening();
  return server;
}

/** Three servers that store everything three times. */
export interface NatsServers {
  readonly servers: readonly NatsServer[];
  /** The addresses for clients. */
  readonly addresses: readonly string[];
  /** The number of the server that leads a stream. */
  leaderOf(stream: string): Promise<number>;
  /** Waits until all servers are part of the cluster, and JetStream responds. */
  ready(): Promise<void>;
}

/** A cluster with a proxy in front of each server. */
export interface NatsCluster extends NatsServers {
  /** The proxies in the order of the servers. Servers tell clients the addresses of the proxies only. */
  readonly proxies: readonly TcpProxy[];
}

const clusterSize = 3;

export async function startNatsCluster(options: NatsServerOptions = {}): Promise<NatsCluster> {
  const onEnd = options.onEnd ?? atTestEnd;
  const members = await Promise.all(
    Array.from({ length: clusterSize }, async () => {
      const [port, routePort] = [await freePort(), await freePort()];
      const proxy = await startTcpProxy({ target: port, onEnd });
      return { host: thisHost, port, routePort, proxy, advertise: `127.0.0.1:${proxy.port}` };
    }),
  );
  const cluster = await startMembers(members, options);
  return {
    ...cluster,
    proxies: members.map(({ proxy }) => proxy),
    addresses: members.map(({ advertise }) => advertise),
  };
}

/** A cluster whose servers run on hosts of their own, without proxies. */
export function startNatsClusterOn(
  hosts: readonly NatsHost[],
  options: NatsServerOptions = {},
): Promise<NatsServers> {
  return startMembers(
    hosts.map((host) => ({ host, port: 4222, routePort: 6222, advertise: `${host.address}:4222` })),
    options,
  );
}

interface Member {
  readonly host: NatsHost;
  readonly port: number;
  readonly routePort: number;
  readonly advertise: string;
}

async function startMembers(members: readonly Member[], options: NatsServerOptions): Promise<NatsServers> {
  const onEnd = options.onEnd ?? atTestEnd;
  const routes = members.map(({ host, routePort }) => `${host.address}:${routePort}`);
  const servers = await Promise.all(
    members.map(async ({ host, port, advertise }, index) => {
      const dir = await scratch(options);
      const place = { dir, port, host, options, cluster: { index, routes, advertise } };
      return new NatsServer({ dir, port, host, configuration: configuration(place) });
    }),
  );
  for (const server of servers) onEnd(() => server.kill());
  const cluster = {
    servers,
    addresses: servers.map(({ address }) => address),
    leaderOf: (stream: string) => leaderOf(servers, stream),
    ready: () => ready(servers),
  };
  await Promise.all(servers.map((server) => server.start()));
  await cluster.ready();
  return cluster;
}

async function scratch({ onEnd = atTestEnd }: NatsServerOptions): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-nats-"));
  onEnd(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly host: NatsHost;
  readonly options: NatsServerOptions;
  readonly cluster?: {
    readonly index: number;
    /** The addresses of all members. */
    readonly routes: readonly string[];
    readonly advertise: string;
  };
}

function configuration({ dir, port, host, options, cluster }: Place): string {
  const lines = [
    `listen: "${host.address}:${port}"`,
    `max_payload: ${options.maxPayload ?? "8MB"}`,
    ...(options.jetstream === false ? [] : [`jetstream { store_dir: "${dir}/store" }`]),
  ];
  if (cluster !== undefined) {
    const routes = cluster.routes.map((route) => `"nats://${route}"`).join(", ");
    lines.push(`server_name: "s${cluster.index}"`, `client_advertise: "${cluster.advertise}"`);
    lines.push(`cluster { name: "c", listen: "${cluster.routes[cluster.index]}", routes: [${routes}] }`);
  }
  return [...lines, options.more ?? "", ""].join("\n");
}

async function ready(servers: readonly NatsServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.listening()));
  await waitFor(
    async () => {
      const peers = await withManager(servers, async (manager) => {
        const name = `ready_${process.pid}`;
        const info = await manager.streams.add({ name, num_replicas: servers.length });
        await manager.streams.delete(name);
        return info.cluster?.replicas?.filter(({ offline }) => !offline).length;
      });
      return peers === servers.length - 1;
    },
    { within: startMs, everyMs: 200, missing: "the cluster of nats-servers does not create streams" },
  );
}

async function leaderOf(servers: readonly NatsServer[], stream: string): Promise<number> {
  const leader = await waitFor(
    () => withManager(servers, async (manager) => (await manager.streams.info(stream)).cluster?.leader),
    { within: startMs, everyMs: 200, missing: `the stream ${stream} has no leader` },
  );
  return Number(leader.slice(1));
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function withManager<T>(
  servers: readonly NatsServer[],
  use: (manager: Manager) => Promise<T>,
): Promise<T | undefined> {
  let connection;
  try {
    connection = await connect({
      servers: servers.map(({ address }) => address),
      reconnect: false,
      timeout: 1000,
    });
    return await use(await jetstreamManager(connection, { checkAPI: false, timeout: 2000 }));
  } catch {
    return undefined;
  } finally {
    await connection?.close();
  }
}
