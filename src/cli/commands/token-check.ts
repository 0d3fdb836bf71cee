import { systemClock } from "../../app/system-clock.js";
import { tokenVerifier } from "../../app/verifiers/token-verifier.js";
import { describeVerdict } from "../../auth/tokens/describe-verdict.js";
import { loadConfig } from "../../config/load.js";
import type { SettingText } from "../../config/settings.js";
import { PharosError } from "../../base/errors.js";
import { exitCodes, type Io } from "../terminal/io.js";
import { readLines } from "../terminal/lines.js";
import { createLogger } from "../terminal/log-lines.js";

/**
 * Reports whether a hub with these settings accepts a token. For an accepted token, the command prints the rights and
 * the expiry. For a refused token, the command prints the reason. Without `given`, the command reads the first
 * non-empty line of standard input. A leading `Bearer ` is ignored.
 *
 * @returns 0 if the token is accepted, else 1
 * @throws PharosError `bad-config` when no key is configured or no token is given
 */
export async function checkToken(
  given: string | undefined,
  options: ReadonlyMap<string, SettingText>,
  io: Io,
): Promise<number> {
  const config = loadConfig({ options, environment: io.environment });
  const logger = createLogger(config.logLevel, io.stderr);
  const verifier = tokenVerifier(config, { clock: systemClock, logger });
  if (verifier === undefined)
    throw new PharosError(
      "bad-config",
      "no key for tokens: set --token-key, --token-jwks or PHAROS_TOKEN_SECRET as for the hub",
    );
  const token = (given ?? (await readToken(io))).trim().replace(/^Bearer +/i, "");
  if (token === "")
    throw new PharosError("bad-config", "no token: pass it as an argument or on standard input");
  const verdict = await verifier.verify(token);
  for (const line of describeVerdict(verdict, systemClock.now())) io.stdout.write(`${line}\n`);
  return verdict.ok ? exitCodes.stopped : exitCodes.failed;
}

async function readToken(io: Io): Promise<string> {
  if (io.stdin.isTTY === true) io.stderr.write("Paste the token and press Enter.\n");
  for await (const { text } of readLines(io.stdin)) if (text.trim() !== "") return text;
  return "";
}
