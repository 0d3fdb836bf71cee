import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { operator } from "../../journal/nats/nats-site.js";
import { startNatsCluster, startNatsServer } from "../../support/nats-server.js";
import type { NatsServer } from "../../support/nats-server.js";
import { ChaosHub } from "./chaos-hub.js";
import type { Ends } from "./ends.js";

export interface LossySiteOptions {
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

/** Hubs whose log can lose its newest records. */
export interface LossySite {
  readonly hubs: readonly ChaosHub[];
  /** Notes what the log has. */
  readonly copy: () => Promise<void>;
  /** The log loses what it has got since {@link copy}, or everything. The hubs that run go on, or are started again. */
  readonly lose: () => Promise<void>;
  /** Called when publications were published after the loss. @default nothing is left to do */
  readonly goOn?: () => void;
  /** True if the log loses everything. */
  readonly losesAll?: true;
}

const streams = ["cut", "cut_state"] as const;

interface Engine {
  readonly servers: readonly NatsServer[];
  readonly addresses: readonly string[];
  readonly ready: () => Promise<void>;
}

/** The ways to lose records. Each value opens a site that loses them so. */
export const losses = {
  "two hubs and their engine are down, and the engine's files are replaced by an older copy": async (
    options,
  ) => {
    const engine = await oneServer(options);
    const hubs = await twoHubs(engine, options);
    return { hubs, copy: () => copyStores(engine), lose: () => allDown(hubs, () => restoreStores(engine)) };
  },
  "two hubs and three servers are down, and the files of all servers are older copies": async (options) => {
    const engine = await startNatsCluster({ onEnd: options.ends.add });
    const hubs = await twoHubs(engine, options);
    return { hubs, copy: () => copyStores(engine), lose: () => allDown(hubs, () => restoreStores(engine)) };
  },
  "the engine's files are an older copy after an outage, while both hubs run": async (options) => {
    const engine = await oneServer(options);
    const hubs = await twoHubs(engine, options);
    return { hubs, copy: () => copyStores(engine), lose: () => restoreStores(engine) };
  },
  "one hub is away while the engine's files are replaced by an older copy, and comes back later": async (
    options,
  ) => {
    const engine = await oneServer(options);
    const [here, away] = await twoHubs(engine, options);
    const lose = async (): Promise<void> => {
      away.suspend();
      await allDown([here], () => restoreStores(engine));
    };
    return { hubs: [here, away], copy: () => copyStores(engine), lose, goOn: () => away.resume() };
  },
  "the stream is deleted while both hubs run": async (options) => {
    const engine = await oneServer(options);
    const hubs = await twoHubs(engine, options);
    const lose = () => deleteStreams(engine, streams.slice(0, 1), options);
    return { hubs, copy: nothing, lose, losesAll: true };
  },
  "the stream is deleted while both hubs are down": async (options) => {
    const engine = await oneServer(options);
    const hubs = await twoHubs(engine, options);
    const lose = () => allDown(hubs, () => deleteStreams(engine, streams.slice(0, 1), options));
    return { hubs, copy: nothing, lose, losesAll: true };
  },
  "the stream and its state are deleted while both hubs are down": async (options) => {
    const engine = await oneServer(options);
    const hubs = await twoHubs(engine, options);
    const lose = () => allDown(hubs, () => deleteStreams(engine, streams, options));
    return { hubs, copy: nothing, lose, losesAll: true };
  },
  "the folder of a hub is replaced by an older copy": async (options) => {
    const hub = await startHub(["--journal", "disk:journal"], options);
    const folder = (name: string): string => join(hub.folder, name);
    // The lock of a running hub is a socket, which cannot be copied.
    const filter = (file: string): boolean => !file.endsWith(".lock");
    const copy = () => cp(folder("journal"), folder("copy"), { recursive: true, filter });
    const restore = async (): Promise<void> => {
      await rm(folder("journal"), { recursive: true });
      await rename(folder("copy"), folder("journal"));
    };
    return { hubs: [hub], copy, lose: () => allDown([hub], restore) };
  },
} as const satisfies Readonly<Record<string, (options: LossySiteOptions) => Promise<LossySite>>>;

export type Loss = keyof typeof losses;

async function oneServer({ ends }: LossySiteOptions): Promise<Engine> {
  const server = await startNatsServer({ onEnd: ends.add });
  return { servers: [server], addresses: [server.address], ready: () => server.listening() };
}

async function twoHubs(
  { addresses }: Engine,
  options: LossySiteOptions,
): Promise<readonly [ChaosHub, ChaosHub]> {
  const args = ["--journal", `nats://${addresses.join(",")}/${streams[0]}`];
  return [await startHub(args, options), await startHub(args, options)];
}

function startHub(args: readonly string[], { entry, ends }: LossySiteOptions): Promise<ChaosHub> {
  return ChaosHub.start({ args, ...(entry === undefined ? {} : { entry }), onEnd: ends.add });
}

/** Kills the hubs, and starts them again after the action. */
async function allDown(hubs: readonly ChaosHub[], action: () => Promise<void>): Promise<void> {
  await Promise.all(hubs.map((hub) => hub.end("SIGKILL")));
  await action();
  await Promise.all(hubs.map((hub) => hub.begin()));
}

async function copyStores(engine: Engine): Promise<void> {
  await whileEnded(engine, (server) => server.copyStore());
}

async function restoreStores(engine: Engine): Promise<void> {
  await whileEnded(engine, (server) => server.restoreStore());
}

async function whileEnded(
  { servers, ready }: Engine,
  action: (server: NatsServer) => Promise<void>,
): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all(servers.map(action));
  await Promise.all(servers.map((server) => server.start()));
  await ready();
}

async function deleteStreams(
  { addresses }: Engine,
  names: readonly string[],
  { ends }: LossySiteOptions,
): Promise<void> {
  const manager = await operator(addresses, { onEnd: ends.add });
  for (const name of names) await manager.streams.delete(name);
}

const nothing = (): Promise<void> => Promise.resolve();
