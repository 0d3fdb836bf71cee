import type { z } from "zod";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { kindOfValue } from "../../base/quote-value.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import { settings, type configSchema } from "../../config/settings.js";
import { mercurePath } from "../../protocol.js";
import { checkNames } from "../../publisher/check-arguments.js";
import { checkPort } from "../check-app-arguments.js";

/** The settings that an embedded hub has. The others are about a server, a log and a process of its own. */
const names = [
  "anonymous",
  "beaconSeconds",
  "closeOverSeconds",
  "compress",
  "compressPrivate",
  "cookieName",
  "corsOrigins",
  "drainSeconds",
  "heartbeatSeconds",
  "journal",
  "journalCa",
  "journalCredentials",
  "limits",
  "maxStreamAgeSeconds",
  "node",
  "opaqueIds",
  "open",
  "publicUrl",
  "publishOrigins",
  "pushStream",
  "pushStreamTemplate",
  "retryMs",
  "subscriptions",
  "tokenIssuer",
  "tokenJwks",
  "tokenKey",
  "tokenLeeway",
  "tokenSecret",
  "tokens",
  "trustedProxies",
  "webhook",
  "webhookCa",
  "webhookSecret",
] as const;

type HubSettings = Partial<Pick<z.input<typeof configSchema>, (typeof names)[number]>>;

/** Options of `createHub`: the settings of the reference by their names in the settings file, and those below. */
export interface EmbeddedHubOptions extends HubSettings {
  /**
   * The path below which the program mounts the hub, such as `/live`: one or more parts of letters, digits and
   * `. _ ~ -`. Routers that cut this path off, such as that of Express, work with and without it. WebSockets need it,
   * because they reach the hub without a router.
   *
   * @default "", the root
   */
  readonly prefix?: string;
  /** True: the hub serves its console at the prefix, and the browser library below it. @default true */
  readonly page?: boolean;
  /** Receives log lines, for example pino or the logger of Fastify. @default no log */
  readonly logger?: Logger;
  /** As {@link AppPorts.onJournalLost}. @default the hub only logs an error */
  readonly onJournalLost?: () => void;
  /** As {@link AppPorts.onJournalFailed}. @default the hub only logs an error */
  readonly onJournalFailed?: (error: unknown) => void;
}

/** The options that are no settings. */
const ownNames = ["prefix", "page", "logger", "onJournalLost", "onJournalFailed"] as const;

/** What an embedded hub never does: it listens nowhere and stores nothing beside its journal. */
const withoutServer = { http: "off", admin: "off", ingest: [], stateDir: "off" } as const;

const prefixForm = /^(?:\/[A-Za-z0-9._~-]+)*$/;

/**
 * The configuration of an embedded hub.
 *
 * @throws PharosError `bad-config`: one line for each option that is unknown or has a wrong value, and what is allowed
 */
export function readHubOptions(options: EmbeddedHubOptions): Config {
  checkOptionNames(options);
  const { prefix = "", page } = options;
  if (typeof prefix !== "string" || !prefixForm.test(prefix))
    throw new PharosError(
      "bad-config",
      `prefix: given ${shown(prefix)}, allowed: a path of letters, digits and . _ ~ - without a slash at its end, for instance "/live"`,
    );
  if (page !== undefined && typeof page !== "boolean")
    throw new PharosError("bad-config", `page: given ${shown(page)}, allowed: true or false`);
  for (const name of ["logger", "onJournalLost", "onJournalFailed"] as const) checkPort(name, options[name]);
  const given = Object.entries(options).filter(([name, value]) => isSetting(name) && value !== undefined);
  const config = loadConfig({ settings: { ...Object.fromEntries(given), ...withoutServer } });
  return { ...config, publicUrl: new URL(`${prefix}${mercurePath}`, config.publicUrl).href };
}

function checkOptionNames(options: unknown): void {
  const other = Object.keys(Object(options)).find(
    (name) => !isSetting(name) && settings.some(({ key }) => key === name),
  );
  if (other !== undefined)
    throw new PharosError(
      "bad-config",
      `an embedded hub has no option "${other}", because the program around it has the server, the log and the process`,
    );
  checkNames(options, {
    what: "the options of createHub",
    names: [...ownNames, ...names],
    code: "bad-config",
  });
}

function isSetting(name: string): boolean {
  return names.some((each) => each === name);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : kindOfValue(value);
}
