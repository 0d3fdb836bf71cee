import { startNatsCluster, startNatsClusterOn, startNatsServer } from "../../support/nats-server.js";
import type { NatsHost, NatsServer } from "../../support/nats-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import type { TcpProxy } from "../../support/tcp-proxy.js";
import { ChaosHub } from "./chaos-hub.js";
import type { Ends } from "./ends.js";
import { startHosts } from "./hosts.js";
import type { Host } from "./hosts.js";
import { SmallDisk } from "./small-disk.js";

/**
 * Where the hubs keep their history:
 *
 * - `memory`: one hub, which keeps nothing when it ends
 * - `disk`: one hub
 * - `nats`: two hubs with the same stream of one nats-server
 * - `cluster`: two hubs with the same stream of three nats-servers
 * - `hosts`: the same, on five hosts of their own. Needs root
 */
export const chaosJournals = ["memory", "disk", "nats", "cluster", "hosts"] as const;
export type ChaosJournal = (typeof chaosJournals)[number];

/** A hub, with a proxy between it and all its clients over HTTP. */
export interface Node {
  readonly hub: ChaosHub;
  readonly proxy: TcpProxy;
  /** The port of the proxy, also while it is shut. */
  readonly port: number;
}

export interface ChaosSite {
  readonly nodes: readonly Node[];
  /** The disk of the journal, if it can be filled. */
  readonly disk?: SmallDisk;
  /** The servers of the engine. @default none */
  readonly engines?: readonly NatsServer[];
  /** Proxies between the engine and the hubs. @default none */
  readonly engineProxies?: readonly TcpProxy[];
  /** The hosts of the servers and the hubs. @default all run on this host */
  readonly hosts?: readonly Host[];
  /** True if the hubs keep their history when they end. */
  readonly survivesEnds: boolean;
}

export interface ChaosSiteOptions {
  readonly journal: ChaosJournal;
  /** The built command line. @default that of this checkout */
  readonly entry?: string;
  readonly ends: Ends;
}

const diskMebibytes = 96;
const serverCount = 3;
const hubCount = 2;

/** Starts the hubs of a run, and what they need. */
export function openChaosSite(options: ChaosSiteOptions): Promise<ChaosSite> {
  return openings[options.journal](options);
}

const openings: Readonly<Record<ChaosJournal, (options: ChaosSiteOptions) => Promise<ChaosSite>>> = {
  memory: async (options) => ({ nodes: [await startNode(options, { args: [] })], survivesEnds: false }),
  disk: async (options) => {
    const disk = await SmallDisk.mount(diskMebibytes, options.ends.add);
    const folder = disk === undefined ? "journal" : `${disk.folder}/journal`;
    const nodes = [await startNode(options, { args: ["--journal", `disk:${folder}`] })];
    return { nodes, ...(disk === undefined ? {} : { disk }), survivesEnds: true };
  },
  nats: async (options) => {
    const engine = await startNatsServer({ onEnd: options.ends.add });
    const nodes = await startNodes(options, [engine.address]);
    return { nodes, engines: [engine], survivesEnds: true };
  },
  cluster: async (options) => {
    const { servers, addresses, proxies } = await startNatsCluster({ onEnd: options.ends.add });
    const nodes = await startNodes(options, addresses);
    return { nodes, engines: servers, engineProxies: proxies, survivesEnds: true };
  },
  hosts: async (options) => {
    const hosts = await startHosts(serverCount + hubCount, options.ends.add);
    if (typeof hosts === "string") throw new Error(hosts);
    const onEnd = options.ends.add;
    const { servers, addresses } = await startNatsClusterOn(hosts.slice(0, serverCount), { onEnd });
    const nodes = await startNodes(options, addresses, hosts.slice(serverCount));
    return { nodes, engines: servers, hosts, survivesEnds: true };
  },
};

async function startNodes(
  options: ChaosSiteOptions,
  servers: readonly string[],
  hosts: readonly Host[] = [],
): Promise<readonly Node[]> {
  const args = ["--journal", `nats://${servers.join(",")}/chaos`];
  const nodes: Node[] = [];
  for (let index = 0; index < hubCount; index += 1) {
    const host = hosts[index];
    nodes.push(await startNode(options, { args, ...(host === undefined ? {} : { host }) }));
  }
  return nodes;
}

async function startNode(
  { entry, ends }: ChaosSiteOptions,
  options: { readonly args: readonly string[]; readonly host?: NatsHost },
): Promise<Node> {
  const onEnd = ends.add;
  const shared = { ...(entry === undefined ? {} : { entry }), hasClock: true, onEnd };
  const hub = await ChaosHub.start({ ...options, ...shared });
  const proxy = await startTcpProxy({ target: hub.port, host: hub.address, onEnd });
  return { hub, proxy, port: proxy.port };
}
