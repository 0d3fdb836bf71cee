import { reloadHub } from "./serve/reload-hub.js";
import type { App, AppPorts } from "../../app/app-ports.js";
import { systemClock } from "../../app/system-clock.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import type { SettingText } from "../../config/settings.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { defaultTopic, publishPath, streamPath } from "../../protocol.js";
import { ServiceManager } from "../systemd/service-manager.js";
import { aborted, exitCodes, type Io } from "../terminal/io.js";
import { createLogger } from "../terminal/log-lines.js";
import { warnOfUnknownVariables } from "../settings/unknown-variables.js";
import { packageVersion } from "../../version.js";

/**
 * Runs a hub until a signal or `shutdown` on its control endpoint stops it. The hub writes only the line `ready …` to
 * standard output, when the listeners are bound. After SIGTERM and `shutdown`, its clients leave without a rush; after
 * SIGINT, and when a terminal is closed, the hub stops at once. SIGHUP without a terminal loads the configuration again;
 * during the start, the hub does so once it is ready. The hub continues if nobody reads its output. If the engine of the
 * journal has lost publications, the hub stops, and starts again with what is left.
 *
 * @returns the exit code
 * @throws any error that prevents an orderly start or stop
 */
export async function serve(options: ReadonlyMap<string, SettingText>, io: Io): Promise<number> {
  io.outlivesOutput();
  const load = (): Config => loadConfig({ options, environment: io.environment });
  let config = load();
  const logger = createLogger(config.logLevel, io.stderr);
  warnOfUnknownVariables(io, logger);
  const service = new ServiceManager({ environment: io.environment, clock: systemClock, logger });
  const stopping = io.interrupted;
  let app: App | undefined;
  let isReloadDue = false;
  const reload = (app: App): void => {
    service.reloading();
    config = reloadHub(app, { load, logger }) ?? config;
    service.ready(statusLine(app.ready));
  };
  io.onReload(() => {
    isReloadDue = app === undefined;
    if (app !== undefined) reload(app);
  });
  while (!stopping.aborted) {
    const ended = new AbortController();
    const ports: AppPorts = {
      logger,
      stdout: io.stdout,
      version: packageVersion(),
      stopping,
      onShutdownRequest: () => io.interrupt(controlEndpoint),
      onJournalLost: () => ended.abort(lost),
      onJournalFailed: (error) => ended.abort(error),
    };
    app = await start(config, ports).catch((error: unknown) => {
      if (stopping.aborted || ended.signal.reason === lost) return undefined;
      throw error;
    });
    if (app === undefined) continue;
    io.stdout.write(readyLine(app.ready));
    service.ready(statusLine(app.ready));
    if (isReloadDue) reload(app);
    isReloadDue = false;
    greet(app.ready, config, logger);
    await aborted(stopping, ended.signal);
    const reason: unknown = stopping.aborted ? stopping.reason : ended.signal.reason;
    logger.info({ reason: messageOf(reason) }, "stopping");
    const isPatient = patient.has(reason);
    if (stopping.aborted) service.stopping(isPatient ? config.drainSeconds + config.closeOverSeconds : 0);
    await (isPatient ? app.drain() : app.close());
    app = undefined;
    if (!stopping.aborted && ended.signal.reason !== lost) throw ended.signal.reason;
  }
  logger.info({}, "stopped");
  return exitCodes.stopped;
}

const controlEndpoint = "control endpoint";

/** The reasons to stop for which the hub takes its time. After the others, a person waits, or the hub starts again. */
const patient: ReadonlySet<unknown> = new Set(["SIGTERM", controlEndpoint]);

/** Why a hub starts again. */
const lost = "the journal has lost publications";

async function start(config: Config, ports: AppPorts): Promise<App> {
  // The code of the servers is loaded here, so that --help and the other commands do not wait for it.
  const { createApp } = await import("../../app/app.js");
  return createApp(config, ports);
}

type Ready = App["ready"];
type BoundListener = Ready["listeners"][number];

/** The ready line: one `key=value` for each listener and link. */
export function readyLine({ listeners, ingest, mongrel2, admin }: Ready): string {
  const words = [
    "ready",
    ...(listeners.length === 0 ? ["http=off"] : listeners.flatMap(listenerWords)),
    ...ingest.map((endpoint) => `ingest=${endpoint}`),
    ...mongrel2.map(({ name, state }) => `mongrel2=${name}:${state}`),
    ...(admin === undefined ? [] : [`admin=${admin}`]),
  ];
  return `${words.join(" ")}\n`;
}

/** What `systemctl status` shows of a hub that serves. */
function statusLine({ listeners, mongrel2 }: Ready): string {
  const fronts = [...listeners.map(({ url }) => url), ...mongrel2.map(({ name }) => name)];
  return `serving clients at ${fronts.join(", ")}`;
}

/** A program on this machine can use the URL; the second word says that other machines can connect, too. */
function listenerWords({ url, allInterfaces, redirects = false }: BoundListener): readonly string[] {
  return [
    `${redirects ? "redirect" : "http"}=${url}`,
    ...(allInterfaces === undefined ? [] : [`all-interfaces=${allInterfaces.address}`]),
  ];
}

function greet({ listeners: all }: Ready, { open }: Config, logger: Logger): void {
  const listeners = all.filter(({ redirects }) => redirects !== true);
  for (const listener of listeners) greetAt(listener, logger);
  const first = listeners.find(({ url }) => !isUnix(url));
  if (open && first !== undefined) {
    const publish = `curl -d 'Hello' ${first.url}${publishPath}/${defaultTopic}`;
    logger.warn({ publish }, "open: every program on this machine may publish over HTTP without a token");
  }
}

function greetAt({ url, allInterfaces }: BoundListener, logger: Logger): void {
  const page = isUnix(url) ? "http://localhost" : url;
  const option = isUnix(url) ? `--unix-socket ${url.slice(unixScheme.length)} ` : "";
  logger.info({ page: url, stream: `curl -N ${option}${page}${streamPath}` }, "listening");
  if (allInterfaces !== undefined)
    logger.info(allInterfaces, "listening on all network interfaces: other machines can connect");
}

const unixScheme = "unix:";

function isUnix(url: string): boolean {
  return url.startsWith(unixScheme);
}
