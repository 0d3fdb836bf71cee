import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createApp } from "../../src/app/app.js";
import type { App } from "../../src/app/app-ports.js";
import { systemClock } from "../../src/app/system-clock.js";
import { gatherSettings } from "../../src/config/gather.js";
import { loadConfig } from "../../src/config/load.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { silentLogger } from "../../src/base/log.js";
import { root } from "../support/ipc.js";
import type { Mongrel2Settings } from "../support/mongrel2-config.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { atTestEnd, type OnEnd } from "../support/on-end.js";
import { type RawConnection, connectRaw } from "../support/raw-http.js";
import { certificateFolder, makeCertificate } from "../support/tls/certificates.js";
import { waitFor } from "../support/wait-for.js";
import { isHost, type FrontName } from "./differences.js";
import { startHost, type HostName } from "./hosts.js";

export interface SiteOptions {
  /** Settings as environment variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A running hub behind the front under test. */
export interface Site {
  readonly port: number;
  /** True if clients speak TLS. */
  readonly tls: boolean;
  /** Connects as a client, which reads at most `bytesPerSecond` if this option is set. */
  connect(options?: { readonly bytesPerSecond?: number }): Promise<RawConnection>;
  /** Publishes in the order of the calls. Resolves with the event id. */
  publish(input: PublicationInput): Promise<string>;
  /** The value of a counter, summed over its labels. */
  figure(name: string): number;
  /** Stops the hub as SIGTERM does. {@link stop} then ends the drain. */
  drain(): Promise<void>;
  /** Stops the hub in order. A server in front of the hub continues to run. */
  stop(): Promise<void>;
}

/**
 * Starts a hub and its front on a free port. Environment variables set the number of workers of the HTTP front, and
 * `CONTRACT_TLS` makes all connections TLS connections.
 */
export function startSite(front: FrontName, options: SiteOptions = {}): Promise<Site> {
  if (front === "http") return startStandalone(options);
  if (isHost(front)) return startEmbedded(front, options);
  return startBehindMongrel2(front === "mongrel2-stock" ? "stock" : "shipped", options);
}

async function startStandalone(options: SiteOptions): Promise<Site> {
  const { PHAROS_WORKERS = "0" } = process.env;
  const tls = process.env["CONTRACT_TLS"] !== undefined;
  const address = "127.0.0.1:0";
  const listeners = tls
    ? { PHAROS_HTTPS: address, ...certificateSettings(options.onEnd) }
    : { PHAROS_HTTP: address };
  const app = await startApp({ ...options, settings: { PHAROS_WORKERS, ...options.settings, ...listeners } });
  const port = Number(new URL(app.ready.http ?? "").port);
  return siteOf(app, { port, tls });
}

function certificateSettings(onEnd: OnEnd = atTestEnd): Readonly<Record<string, string>> {
  const { certFile, keyFile } = makeCertificate(certificateFolder(onEnd), "hub");
  return { PHAROS_TLS_CERT: certFile, PHAROS_TLS_KEY: keyFile };
}

async function startEmbedded(name: HostName, options: SiteOptions): Promise<Site> {
  // A host has no worker processes and a log of its own.
  const { PHAROS_WORKERS: _workers, PHAROS_LOG_LEVEL: _level, ...environment } = options.settings ?? {};
  const host = await startHost(name, gatherSettings({ environment }).settings);
  (options.onEnd ?? atTestEnd)(() => host.close());
  const { hub, port } = host;
  return siteOf(
    {
      publish: ({ topics, ...rest }) => hub.publish({ ...rest, topic: topics }),
      figures: () => hub.figures(),
      drain: () => hub.drain(),
      close: () => hub.close(),
    },
    { port },
  );
}

async function startBehindMongrel2(mode: "stock" | "shipped", options: SiteOptions): Promise<Site> {
  const onEnd = options.onEnd ?? atTestEnd;
  const server = await startMongrel2({
    mode,
    htmlDir: join(root, "html"),
    protocol: mode === "shipped" ? "tnetstring" : "json",
    settings: mode === "shipped" ? shippedSettings() : {},
  });
  onEnd(() => server.stop());
  const link = [server.sendSpec, server.recvSpec, server.controlSpec].join(",");
  const settings = { ...options.settings, PHAROS_HTTP: "off", PHAROS_MONGREL2: link };
  const app = await startApp({ ...options, settings });
  await waitFor(() => app.ready.mongrel2.every(({ state }) => state === "up"), {
    within: 60_000,
    missing: () => `the link is not up:\n${server.log()}`,
  });
  return siteOf(app, { port: server.port });
}

/** The numeric settings of mongrel2/mongrel2.conf, so that tests use the shipped values. */
function shippedSettings(): Mongrel2Settings {
  const file = readFileSync(join(root, "mongrel2", "mongrel2.conf"), "utf8");
  const pairs = [...file.matchAll(/^ {4}'([a-z_.]+)': (\d+),?$/gm)];
  return Object.fromEntries(pairs.map(([, key = "", value]) => [key, Number(value)]));
}

async function startApp(options: SiteOptions): Promise<App> {
  const environment = {
    PHAROS_INGEST: "@tcp://127.0.0.1:*",
    PHAROS_STATE_DIR: "off",
    PHAROS_ADMIN: "off",
    ...options.settings,
  };
  const config = loadConfig({ environment });
  const app = await createApp(config, {
    logger: silentLogger,
    version: "0.0.0",
    clock: systemClock,
    workerEntry: join(root, "dist", "cli", "worker.js"),
  });
  (options.onEnd ?? atTestEnd)(() => app.close());
  return app;
}

function siteOf(
  app: Pick<App, "publish" | "figures" | "drain" | "close">,
  at: { readonly port: number; readonly tls?: boolean },
): Site {
  return {
    port: at.port,
    tls: at.tls ?? false,
    connect: (target = {}) => connectRaw({ ...at, ...target }),
    publish: (input) => app.publish(input),
    figure: (name) =>
      Object.entries(app.figures()).reduce(
        (sum, [key, value]) => (key === name || key.startsWith(`${name}{`) ? sum + value : sum),
        0,
      ),
    drain: () => app.drain(),
    stop: () => app.close(),
  };
}
