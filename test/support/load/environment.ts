import { sum } from "../../../src/base/sum.js";
import { startHub, type HubOptions, type HubProcess } from "../hub-process.js";
import type { Mongrel2Settings } from "../mongrel2-config.js";
import { childrenOf } from "../children.js";
import { startMongrel2, type Mongrel2Server } from "../mongrel2-server.js";
import { atTestEnd, type OnEnd } from "../on-end.js";
import { cpuSeconds, peakRssBytes, rssBytes } from "../process-figures.js";
import { certificateFolder, makeCertificate } from "../tls/certificates.js";
import { tlsArguments } from "../tls/secure-hub.js";
import { waitFor } from "../wait-for.js";

/** The server that clients connect to: the hub itself, or a Mongrel2 with stock or shipped settings. */
export type Front = "http" | "stock" | "shipped";

export const fronts: readonly Front[] = ["http", "stock", "shipped"];

export interface EnvironmentOptions extends Omit<HubOptions, "mongrel2" | "http"> {
  readonly front: Front;
  /** True: clients of the front `http` speak TLS. @default false */
  readonly tls?: boolean;
  /** `superpoll.max_fd` of Mongrel2. @default 8192 */
  readonly maxFd?: number;
  /** Added to the settings of the mode. @default none */
  readonly settings?: Mongrel2Settings;
}

/**
 * Memory and CPU time at one moment. Those of the hub are the sums over the hub and its workers. The values for Mongrel2
 * are 0 if there is no Mongrel2.
 */
export interface Usage {
  readonly hubBytes: number;
  readonly hubPeakBytes: number;
  readonly hubSeconds: number;
  readonly serverBytes: number;
  readonly serverPeakBytes: number;
  readonly serverSeconds: number;
}

/** A hub and the front that clients connect to. */
export class LoadEnvironment {
  readonly front: Front;
  readonly hub: HubProcess;
  readonly server: Mongrel2Server | undefined;
  /** True if clients speak TLS. */
  readonly tls: boolean;

  constructor(parts: {
    readonly front: Front;
    readonly tls: boolean;
    readonly hub: HubProcess;
    readonly server: Mongrel2Server | undefined;
  }) {
    this.front = parts.front;
    this.tls = parts.tls;
    this.hub = parts.hub;
    this.server = parts.server;
  }

  /** The port for clients. */
  get port(): number {
    return this.server?.port ?? this.hub.httpPort;
  }

  usage(): Usage {
    const { hub, server } = this;
    const pids = [hub.pid, ...childrenOf(hub.pid)];
    return {
      hubBytes: sum(pids.map(rssBytes)),
      hubPeakBytes: sum(pids.map(peakRssBytes)),
      hubSeconds: sum(pids.map(cpuSeconds)),
      serverBytes: server === undefined ? 0 : rssBytes(server.pid),
      serverPeakBytes: server === undefined ? 0 : peakRssBytes(server.pid),
      serverSeconds: server === undefined ? 0 : cpuSeconds(server.pid),
    };
  }

  /** Stops the hub and returns the figures that the hub logs at the end. */
  async stopForFigures(): Promise<Readonly<Record<string, number>>> {
    await this.hub.stop();
    const line = this.hub.stderr.split("\n").find((line) => line.includes('"msg":"figures"'));
    if (line === undefined) throw new Error(`the hub logged no figures: ${this.hub.stderr.slice(-1000)}`);
    return (JSON.parse(line) as { figures: Record<string, number> }).figures;
  }
}

/**
 * Starts a hub, and Mongrel2 if the front needs Mongrel2. Resolves when clients can open streams. Both processes end
 * with the test.
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<LoadEnvironment> {
  const { front, tls = false, maxFd, settings, ...rest } = options;
  const onEnd: OnEnd = options.onEnd ?? atTestEnd;
  const server =
    front === "http" ? undefined : await startMongrel2({ mode: front, ...given({ maxFd, settings }) });
  if (server !== undefined) onEnd(() => server.stop());
  const listeners = tls ? tlsArguments(makeCertificate(certificateFolder(onEnd), "hub")) : [];
  const hub = await startHub({
    ...rest,
    ...(tls ? { http: "off" } : {}),
    args: ["--log-level", "debug", "--state-dir", "off", ...listeners, ...(options.args ?? [])],
    mongrel2: server === undefined ? [] : [`${server.sendSpec},${server.recvSpec},${server.controlSpec}`],
  });
  const environment = new LoadEnvironment({ front, tls, hub, server });
  // A hub without Mongrel2 accepts clients as soon as it is ready.
  if (server !== undefined)
    await waitFor(async () => isHealthy(server.port), {
      within: 30_000,
      missing: "the front does not answer /healthz",
    });
  return environment;
}

async function isHealthy(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  return answer?.status === 200;
}

/** Removes undefined options, because `exactOptionalPropertyTypes` does not accept undefined values. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
