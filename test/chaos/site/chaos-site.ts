import { startNatsServer } from "../../support/nats-server.js";
import type { NatsServer } from "../../support/nats-server.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";
import type { TcpProxy } from "../../support/tcp-proxy.js";
import { ChaosHub } from "./chaos-hub.js";
import type { Ends } from "./ends.js";
import { SmallDisk } from "./small-disk.js";

/**
 * Where the hubs keep their history:
 *
 * - `memory`: one hub, which keeps nothing when it ends
 * - `disk`: one hub
 * - `nats`: two hubs with the same stream of one nats-server
 */
export type ChaosJournal = "memory" | "disk" | "nats";

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
  /** The engine of the journal. */
  readonly engine?: NatsServer;
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

/** Starts the hubs of a run, and what they need. */
export async function openChaosSite(options: ChaosSiteOptions): Promise<ChaosSite> {
  const { journal, ends } = options;
  if (journal === "memory") return { nodes: [await startNode(options, [])], survivesEnds: false };
  if (journal === "nats") {
    const engine = await startNatsServer({ onEnd: ends.add });
    const args = ["--journal", `nats://${engine.address}/chaos`];
    const nodes = [await startNode(options, args), await startNode(options, args)];
    return { nodes, engine, survivesEnds: true };
  }
  const disk = await SmallDisk.mount(diskMebibytes, ends.add);
  const folder = disk === undefined ? "journal" : `${disk.folder}/journal`;
  const nodes = [await startNode(options, ["--journal", `disk:${folder}`])];
  return { nodes, ...(disk === undefined ? {} : { disk }), survivesEnds: true };
}

async function startNode({ entry, ends }: ChaosSiteOptions, args: readonly string[]): Promise<Node> {
  const onEnd = ends.add;
  const hub = await ChaosHub.start({ args, ...(entry === undefined ? {} : { entry }), onEnd });
  const proxy = await startTcpProxy({ target: hub.port, onEnd });
  return { hub, proxy, port: proxy.port };
}
