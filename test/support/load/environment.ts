import { startHub, type HubOptions, type HubProcess } from "../hub-process.js";
import type { Mongrel2Settings } from "../mongrel2-config.js";
import { startMongrel2, type Mongrel2Server } from "../mongrel2-server.js";
import { atTestEnd, type OnEnd } from "../on-end.js";
import { cpuSeconds, peakRssBytes, rssBytes } from "../process-figures.js";
import { waitFor } from "../wait-for.js";

/** The server that clients connect to: the hub itself, or a Mongrel2 with stock or shipped settings. */
export type Front = "http" | "stock" | "shipped";

export const fronts: readonly Front[] = ["http", "stock", "shipped"];

export interface EnvironmentOptions extends Omit<HubOptions, "mongrel2" | "http"> {
  readonly front: Front;
  /** `superpoll.max_fd` of Mongrel2. @default 8192 */
  readonly maxFd?: number;
  /** Added to the settings of the mode. @default none */
  readonly settings?: Mongrel2Settings;
}

/** Memory and CPU time at one moment. The values for Mongrel2 are 0 if there is no Mongrel2. */
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

  constructor(parts: {
    readonly front: Front;
    readonly hub: HubProcess;
    readonly server: Mongrel2Server | undefined;
  }) {
    this.front = parts.front;
    this.hub = parts.hub;
    this.server = parts.server;
  }

  /** The port for clients. */
  get port(): number {
    return this.server?.port ?? this.hub.httpPort;
  }

  usage(): Usage {
    const { hub, server } = this;
    return {
      hubBytes: hub.rssBytes(),
      hubPeakBytes: hub.peakRssBytes(),
      hubSeconds: hub.cpuSeconds(),
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
  const { front, maxFd, settings, ...rest } = options;
  const onEnd: OnEnd = options.onEnd ?? atTestEnd;
  const server =
    front === "http" ? undefined : await startMongrel2({ mode: front, ...given({ maxFd, settings }) });
  if (server !== undefined) onEnd(() => server.stop());
  const hub = await startHub({
    ...rest,
    args: ["--log-level", "debug", "--state-dir", "off", ...(options.args ?? [])],
    mongrel2: server === undefined ? [] : [`${server.sendSpec},${server.recvSpec},${server.controlSpec}`],
  });
  const environment = new LoadEnvironment({ front, hub, server });
  await waitFor(async () => isHealthy(environment.port), {
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
