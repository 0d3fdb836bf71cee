import { InvalidArgumentError, Option, type Command } from "commander";

import { manageRights } from "../../auth/grants/manage-rights.js";
import { matchTypes } from "../../auth/grants/matcher.js";
import type { SettingText } from "../../config/settings.js";
import type { Io } from "../terminal/io.js";
import { untilInterrupted } from "../terminal/until-interrupted.js";
import { addSettingOptions, givenSettings } from "../settings/setting-options.js";
import type { TokenOptions } from "./token.js";

/** The longest lifetime of a token, in seconds: ten years. */
const longestSeconds = 315_360_000;

/** Options of `pharos token` that stand for settings of the hub. */
interface TokenSettings {
  readonly config: string;
  readonly url: string;
}

/** Adds `pharos token` and `pharos token check`; `ended` receives the exit code. */
export function addToken(root: Command, io: Io, ended: (code: number) => void): void {
  const command = root
    .command("token")
    .enablePositionalOptions()
    .description(
      "Create a token and print it. It is signed with PHAROS_TOKEN_SECRET, or with the private key of --key.",
    )
    .option("--publish <F...>", "Topics that the token may publish to; * means all.")
    .option("--subscribe <F...>", "Topics whose private publications the token may read; * means all.")
    .addOption(new Option("--manage <RIGHT...>", "Rights over the clients of the hub.").choices(manageRights))
    .addOption(
      new Option("--match-type <TYPE>", "Match type of the topics. Default: exact.").choices(matchTypes),
    )
    .option(
      "--url <URL>",
      "The URL of the hub that accepts the token, as for publish. Default: the setting public-url, else http, of the same environment and settings file.",
    )
    .option("--lifetime <SECONDS>", "The lifetime.", parseLifetime, 3600)
    .option("--subject <S>", "The subject (sub).", "pharos")
    .option("--issuer <I>", "The issuer (iss). Default: the setting token-issuer, else the URL of the hub.")
    .option("--audience <A>", "The audience (aud). Default: the URL of the hub.")
    .option(
      "--payload <JSON>",
      "JSON about the token's owner. The hub adds this JSON to presence events about the owner's subscriptions.",
    )
    .option("--older", "Create a token of the older form, with the mercure claim.")
    .option("--key <FILE>", "A file with a private key, as PEM or JWK.")
    .option("--config <FILE>", "A JSON file of settings, as for serve. [PHAROS_CONFIG]");
  command.action(async ({ config, url, ...options }: TokenOptions & Partial<TokenSettings>) => {
    const { makeToken } = await import("./token.js");
    const settings = new Map<string, SettingText>();
    if (config !== undefined) settings.set("config", config);
    if (url !== undefined) settings.set("public-url", url);
    ended(await untilInterrupted(io, () => makeToken(options, settings, io)));
  });
  addCheck(command, io, ended);
}

function addCheck(token: Command, io: Io, ended: (code: number) => void): void {
  const command = token
    .command("check")
    .description("Check whether a hub with the same settings accepts a token, and say why not.")
    .argument("[TOKEN]", "The token. Default: standard input, which other users cannot see.");
  addSettingOptions(command);
  command.action(async (given: string | undefined) => {
    const { checkToken } = await import("./token-check.js");
    ended(await untilInterrupted(io, () => checkToken(given, givenSettings(command), io)));
  });
}

function parseLifetime(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > longestSeconds)
    throw new InvalidArgumentError(`Allowed: a whole number of seconds from 1 to ${longestSeconds}.`);
  return seconds;
}
