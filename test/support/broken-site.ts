import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { Push } from "zeromq";
import { startHub, type HubOptions, type HubProcess } from "./hub-process.js";
import { root } from "./ipc.js";
import { linkTo } from "./mongrel2-hub.js";
import { startMongrel2 } from "./mongrel2-server.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/** A hub that serves pages. Tests can break the hub and its network. */
export interface BrokenSite {
  /** Ends with a slash. */
  readonly url: string;
  /** The proxy between browser and server. */
  readonly network: TcpProxy;
  publish(...frames: readonly string[]): Promise<void>;
  /** Kills the hub, and starts a new hub with the same addresses after `downMs` milliseconds. */
  restartHub(options?: { readonly downMs?: number }): Promise<void>;
  /**
   * Kills the server that holds the browser's connections, and restarts this server. The server is Mongrel2, or else
   * the hub itself.
   */
  restartServer(): Promise<void>;
  /** The number of streams that are open at the hub. */
  streams(): Promise<number>;
}

export interface BrokenSiteOptions {
  /** @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A hub that can be killed and started again with the same addresses. */
class Hub {
  readonly #options: HubOptions;
  readonly #push = new Push({ linger: 0, sendTimeout: 60_000, sendHighWaterMark: 100_000 });
  #process: HubProcess;

  constructor(options: HubOptions, process: HubProcess) {
    this.#options = options;
    this.#process = process;
    this.#push.connect(process.ingest);
    (options.onEnd ?? atTestEnd)(() => this.#push.close());
  }

  get httpPort(): number {
    return this.#process.httpPort;
  }

  async publish(frames: readonly string[]): Promise<void> {
    await this.#push.send([...frames]);
  }

  async restart({ downMs = 0 }: { readonly downMs?: number } = {}): Promise<void> {
    const { httpPort, scratch } = this.#process;
    await this.#process.kill();
    await delay(downMs);
    this.#process = await startHub({ ...this.#options, http: `127.0.0.1:${httpPort}`, scratch });
  }

  async streams(): Promise<number> {
    const answer = await fetch(`${this.#process.httpUrl}/healthz`);
    const { streams } = (await answer.json()) as { streams: number };
    return streams;
  }
}

// A stream counts as dead after three missed heartbeats, so a short heartbeat interval keeps the tests short.
const args = ["--heartbeat", "1"];

async function startStandalone({ env = {}, onEnd = atTestEnd }: BrokenSiteOptions = {}): Promise<BrokenSite> {
  const options = { args, env, onEnd };
  const hub = new Hub(options, await startHub(options));
  const network = await startTcpProxy({ target: hub.httpPort, onEnd });
  const restartHub: BrokenSite["restartHub"] = (options) => hub.restart(options);
  return siteOf(hub, network, { restartHub, restartServer: () => hub.restart() });
}

async function startBehindMongrel2({
  env = {},
  onEnd = atTestEnd,
}: BrokenSiteOptions = {}): Promise<BrokenSite> {
  const server = await startMongrel2({ mode: "shipped", htmlDir: join(root, "html"), hosts: ["127.0.0.1"] });
  onEnd(() => server.stop());
  const options = { args, env, onEnd, mongrel2: [linkTo(server)] };
  const hub = new Hub(options, await startHub(options));
  const network = await startTcpProxy({ target: server.port, onEnd });
  const restartHub: BrokenSite["restartHub"] = (options) => hub.restart(options);
  return siteOf(hub, network, { restartHub, restartServer: () => server.restart() });
}

function siteOf(
  hub: Hub,
  network: TcpProxy,
  restarts: Pick<BrokenSite, "restartHub" | "restartServer">,
): BrokenSite {
  return {
    url: `http://127.0.0.1:${network.port}/`,
    network,
    publish: (...frames) => hub.publish(frames),
    streams: () => hub.streams(),
    ...restarts,
  };
}

/** The kinds of servers for the pages, each with a function that starts a site. */
export const brokenSites = [
  { front: "the HTTP front", start: startStandalone },
  { front: "Mongrel2", start: startBehindMongrel2 },
] as const;
