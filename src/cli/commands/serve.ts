import { reloadHub } from "./serve/reload-hub.js";
import type { App, AppPorts, Ready } from "../../app/app.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import type { SettingText } from "../../config/settings.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { defaultTopic, publishPath, streamPath } from "../../protocol.js";
import { aborted, exitCodes, type Io } from "../terminal/io.js";
import { createLogger } from "../terminal/log-lines.js";
import { warnOfUnknownVariables } from "../settings/unknown-variables.js";
import { packageVersion } from "../../version.js";

/**
 * Runs a hub until a signal or `shutdown` on its control endpoint stops it. The hub writes only the line `ready …` to
 * standard output, when the listeners are bound. SIGHUP without a terminal loads the configuration again; during the
 * start, the hub does so once it is ready. The hub continues if nobody reads its output. If the engine of the
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
  const asked = new AbortController();
  const stopping = AbortSignal.any([asked.signal, io.interrupted]);
  let app: App | undefined;
  let isReloadDue = false;
  io.onReload(() => {
    isReloadDue = app === undefined;
    if (app !== undefined) config = reloadHub(app, { load, logger }) ?? config;
  });
  while (!stopping.aborted) {
    const ended = new AbortController();
    const ports: AppPorts = {
      logger,
      stdout: io.stdout,
      version: packageVersion(),
      stopping,
      onShutdownRequest: () => asked.abort("control endpoint"),
      onJournalLost: () => ended.abort(lost),
      onJournalFailed: (error) => ended.abort(error),
    };
    app = await start(config, ports).catch((error: unknown) => {
      if (stopping.aborted || ended.signal.reason === lost) return undefined;
      throw error;
    });
    if (app === undefined) continue;
    io.stdout.write(readyLine(app.ready));
    if (isReloadDue) config = reloadHub(app, { load, logger }) ?? config;
    isReloadDue = false;
    greet(app.ready.http, config, logger);
    await aborted(stopping, ended.signal);
    logger.info({ reason: messageOf(stopping.aborted ? stopping.reason : ended.signal.reason) }, "stopping");
    await app.close();
    app = undefined;
    if (!stopping.aborted && ended.signal.reason !== lost) throw ended.signal.reason;
  }
  logger.info({}, "stopped");
  return exitCodes.stopped;
}

/** Why a hub starts again. */
const lost = "the journal has lost publications";

async function start(config: Config, ports: AppPorts): Promise<App> {
  // The code of the servers is loaded here, so that --help and the other commands do not wait for it.
  const { createApp } = await import("../../app/app.js");
  return createApp(config, ports);
}

/** The ready line: one `key=value` for each listener and link. */
export function readyLine({ http, ingest, mongrel2, admin }: Ready): string {
  const words = [
    "ready",
    `http=${http ?? "off"}`,
    ...ingest.map((endpoint) => `ingest=${endpoint}`),
    ...mongrel2.map(({ name, state }) => `mongrel2=${name}:${state}`),
    ...(admin === undefined ? [] : [`admin=${admin}`]),
  ];
  return `${words.join(" ")}\n`;
}

function greet(http: string | undefined, { open }: Config, logger: Logger): void {
  if (http === undefined) return;
  logger.info({ page: http, stream: `curl -N ${http}${streamPath}` }, "listening");
  if (open) {
    const publish = `curl -d 'Hello' ${http}${publishPath}/${defaultTopic}`;
    logger.warn({ publish }, "open: every program on this machine may publish over HTTP without a token");
  }
}
