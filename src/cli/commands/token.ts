import { signToken, type TokenContent } from "../../auth/tokens/sign-token.js";
import { readSigningKey, signingSecret, type SigningKey } from "../../auth/keys/signing-key.js";
import type { ManageRight } from "../../auth/grants/manage-rights.js";
import type { MatchType } from "../../auth/grants/matcher.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import type { SettingText } from "../../config/settings.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { exitCodes, type Io } from "../terminal/io.js";

/** The options of the command line for a new token. */
export interface TokenOptions {
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly manage?: readonly ManageRight[];
  /** @default "exact" */
  readonly matchType?: MatchType;
  readonly lifetime: number;
  readonly subject: string;
  /** @default the issuer of the settings, else the URL of the hub */
  readonly issuer?: string;
  /** @default the audience of the settings, else the URL of the hub */
  readonly audience?: string;
  /** The payload as JSON text. */
  readonly payload?: string;
  readonly older?: true;
  /** A file with a private key. @default the secret of the settings */
  readonly key?: string;
}

/**
 * Creates a token, and prints only the token on standard output. A hub with the same settings (environment and
 * `--config`) accepts the token: issuer, audience and secret are the same.
 *
 * @throws PharosError `bad-config` or `bad-filter` for options that a token cannot contain, and when there is no key
 */
export async function makeToken(
  options: TokenOptions,
  settings: ReadonlyMap<string, SettingText>,
  io: Io,
): Promise<number> {
  const config = loadConfig({ options: settings, environment: io.environment });
  const content = contentOf(options, config);
  const signing = { key: keyOf(options, config), hubUrl: config.publicUrl, nowMs: Date.now() };
  io.stdout.write(`${await signToken(content, signing)}\n`);
  return exitCodes.stopped;
}

function contentOf(options: TokenOptions, config: Config): TokenContent {
  const { publish = [], subscribe = [], manage = [], payload, subject, lifetime, older = false } = options;
  if (publish.length + subscribe.length + manage.length === 0)
    throw badUsage(
      "the token would allow nothing: name topics with --publish or --subscribe, or rights with --manage",
    );
  if (payload !== undefined && subscribe.length === 0) throw badUsage("--payload needs --subscribe");
  if (older && options.matchType !== undefined)
    throw badUsage(
      "--match-type cannot be combined with --older: a token of the older form has URI templates and topics only",
    );
  const trusted = issuerOf(options, config);
  return {
    form: older ? "older" : "current",
    publish,
    subscribe,
    manage,
    matchType: options.matchType ?? "exact",
    payload: payload === undefined ? undefined : parsePayload(payload),
    lifetimeSeconds: lifetime,
    subject,
    issuer: options.issuer ?? trusted?.issuer ?? config.publicUrl,
    audience: options.audience ?? trusted?.audience ?? config.publicUrl,
  };
}

/**
 * The issuer that signs, among the issuers that may grant these rights: with `--key` the first issuer, else the first
 * issuer that has a secret.
 */
function issuerOf(options: TokenOptions, { tokens }: Config): Config["tokens"][number] | undefined {
  const wanted = (["publish", "subscribe", "manage"] as const).filter(
    (right) => options[right] !== undefined,
  );
  return tokens.find(
    ({ secret, allows }) =>
      (options.key !== undefined || secret !== undefined) &&
      wanted.every((right) => allows?.includes(right) ?? true),
  );
}

function keyOf(options: TokenOptions, config: Config): SigningKey {
  if (options.key !== undefined) return readSigningKey(options.key);
  const { secret, algorithms } = issuerOf(options, config) ?? {};
  if (secret === undefined && config.tokens.some((issuer) => issuer.secret !== undefined))
    throw badUsage("no issuer of the settings that has a secret allows these rights (allows)");
  if (secret === undefined)
    throw badUsage("no key to sign with: set PHAROS_TOKEN_SECRET, or give a private key with --key FILE");
  return signingSecret(secret, algorithms);
}

function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-config", `--payload: given ${quoteValue(text)}, allowed: JSON`, { cause });
  }
}

function badUsage(message: string): PharosError {
  return new PharosError("bad-config", message);
}
