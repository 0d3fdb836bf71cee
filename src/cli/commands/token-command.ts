import { InvalidArgumentError, Option, type Command } from "commander";

import { matchTypes } from "../../auth/grants/match-type.js";
import type { SettingText } from "../../config/settings.js";
import type { Io } from "../terminal/io.js";
import { addSettingOptions, givenSettings } from "./setting-options.js";
import type { TokenOptions } from "./token.js";

/** The longest life of a token, in seconds: ten years. */
const longestSeconds = 315_360_000;

/** Adds `pharos token` and `pharos token check`; `ended` is told the exit code. */
export function addToken(root: Command, io: Io, ended: (code: number) => void): void {
  const command = root
    .command("token")
    .enablePositionalOptions()
    .description(
      "Make a token and print it. Its secret is PHAROS_TOKEN_SECRET, unless --key names a private key.",
    )
    .option("--publish <F...>", "What it allows to publish to; * is everything.")
    .option("--subscribe <F...>", "What private publications it allows to read; * is everything.")
    .addOption(new Option("--match-type <TYPE>", "How these are meant. Default: exact.").choices(matchTypes))
    .option("--lifetime <SECONDS>", "How long it is valid.", parseLifetime, 3600)
    .option("--subject <S>", "Whom it is for (sub).", "pharos")
    .option("--issuer <I>", "Who made it (iss). Default: the setting token-issuer, else the hub's URL.")
    .option("--audience <A>", "The hub that it is for (aud). Default: the hub's URL.")
    .option("--payload <JSON>", "What watchers of subscriptions are told of its bearer.")
    .option("--older", "Make one of the older form, with the mercure claim.")
    .option("--key <FILE>", "A private key, as PEM or JWK.")
    .option("--config <FILE>", "A JSON file of settings, as for serve. [PHAROS_CONFIG]");
  command.action(async ({ config, ...options }: TokenOptions & { readonly config?: string }) => {
    const { makeToken } = await import("./token.js");
    const settings = new Map<string, SettingText>(config === undefined ? [] : [["config", config]]);
    ended(await makeToken(options, settings, io));
  });
  addCheck(command, io, ended);
}

function addCheck(token: Command, io: Io, ended: (code: number) => void): void {
  const command = token
    .command("check")
    .description("Say whether a hub with the same settings would accept a token, and why not.")
    .argument("[TOKEN]", "The token; without it standard input is read, which other users cannot see.");
  addSettingOptions(command);
  command.action(async (given: string | undefined) => {
    const { checkToken } = await import("./token-check.js");
    ended(await checkToken(given, givenSettings(command), io));
  });
}

function parseLifetime(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > longestSeconds)
    throw new InvalidArgumentError(`Allowed: a whole number of seconds from 1 to ${longestSeconds}.`);
  return seconds;
}
