import { z } from "zod";

import { configSchema } from "./schema.js";

/** A setting's text as options and environment give it: one text, several, or an option without its value. */
export type SettingText = string | readonly string[] | true;

/** How the text of an option or a variable becomes a value of the file's form. */
export type SettingForm = "text" | "number" | "list";

/** One setting that has an option. */
export interface Setting {
  /** Its name in the JSON file and in {@link Config}. */
  readonly key: SettingKey;
  /** Its option, without the dashes. The environment variable follows from it. */
  readonly option: string;
  /** The option's value as `--help` shows it; in brackets when it may be left out. */
  readonly argument: string;
  readonly form: SettingForm;
  /** What the option means without its value; only where the value may be left out. */
  readonly bare?: string;
  /** A secret has no option, since command lines are seen by others: its variable and the file alone give it. */
  readonly secret?: true;
}

type SettingKey = Exclude<keyof typeof configSchema.shape, "$schema" | "limits" | "tokens">;

/** Every setting that has an option, in the order of `--help`. */
export const settings: readonly Setting[] = Object.freeze([
  { key: "http", option: "http", argument: "<[HOST:]PORT|off>", form: "text" },
  { key: "workers", option: "workers", argument: "<COUNT>", form: "number" },
  { key: "mongrel2", option: "mongrel2", argument: "<SEND,RECV[,CONTROL]>", form: "list" },
  { key: "ingest", option: "ingest", argument: "<ENDPOINT>", form: "list" },
  { key: "ingestCurve", option: "ingest-curve", argument: "<FILE>", form: "text" },
  { key: "control", option: "control", argument: "<ENDPOINT>", form: "text" },
  { key: "beaconSeconds", option: "beacon", argument: "[SECONDS]", form: "number", bare: "5" },
  { key: "admin", option: "admin", argument: "<[HOST:]PORT|off>", form: "text" },
  { key: "adminToken", option: "admin-token", argument: "<TOKEN>", form: "text", secret: true },
  { key: "trustedProxies", option: "trusted-proxy", argument: "<CIDR>", form: "list" },
  { key: "corsOrigins", option: "cors-origin", argument: "<ORIGIN>", form: "list" },
  { key: "publicUrl", option: "public-url", argument: "<URL>", form: "text" },
  { key: "anonymous", option: "anonymous", argument: "<on|off>", form: "text" },
  { key: "open", option: "open", argument: "[on|off]", form: "text", bare: "on" },
  { key: "opaqueIds", option: "opaque-ids", argument: "[on|off]", form: "text", bare: "on" },
  { key: "compress", option: "compress", argument: "<on|off>", form: "text" },
  { key: "compressPrivate", option: "compress-private", argument: "[on|off]", form: "text", bare: "on" },
  { key: "subscriptions", option: "subscriptions", argument: "[on|off]", form: "text", bare: "on" },
  { key: "pushStream", option: "push-stream", argument: "[PREFIX]", form: "text", bare: "/" },
  { key: "publishOrigins", option: "publish-origin", argument: "<ORIGIN>", form: "list" },
  { key: "tokenIssuer", option: "token-issuer", argument: "<ISSUER>", form: "text" },
  { key: "tokenKey", option: "token-key", argument: "<FILE>", form: "text" },
  { key: "tokenJwks", option: "token-jwks", argument: "<FILE|URL>", form: "text" },
  { key: "tokenSecret", option: "token-secret", argument: "<SECRET>", form: "text", secret: true },
  { key: "targets", option: "targets", argument: "<COUNT>", form: "number" },
  { key: "keepAliveSeconds", option: "keep-alive", argument: "<SECONDS>", form: "number" },
  { key: "heartbeatSeconds", option: "heartbeat", argument: "<SECONDS>", form: "number" },
  { key: "retryMs", option: "retry", argument: "<MS>", form: "number" },
  { key: "stateDir", option: "state-dir", argument: "<FOLDER|off>", form: "text" },
  { key: "logLevel", option: "log-level", argument: "<LEVEL>", form: "text" },
]);

/** What a setting does, in the words of the schema. */
export function describeSetting(setting: Setting): string {
  return configSchema.shape[setting.key].description ?? "";
}

/** The value that holds when nothing gives another, as an option would give it; undefined when there is none. */
export function defaultText(setting: Setting): string | undefined {
  const schema = configSchema.shape[setting.key];
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return undefined;
  const value: unknown = schema.def.defaultValue;
  const text = Array.isArray(value) ? value.join(" ") : String(value);
  return text === "" ? undefined : text;
}

/** The environment variable of an option: `PHAROS_` and its name in upper case. */
export function variableName(option: string): string {
  return `PHAROS_${option.toUpperCase().replaceAll("-", "_")}`;
}
