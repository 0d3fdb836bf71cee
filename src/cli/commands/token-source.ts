import { readFileSync } from "node:fs";

import { PharosError } from "../../base/errors.js";
import type { Io } from "../terminal/io.js";

/** The help text of `--token-file`. */
export const tokenFileHelp = "A file with a token for that URL. [PHAROS_TOKEN holds the token itself]";

/**
 * The token of the command line: the content of `file`, else of the variable `PHAROS_TOKEN`. An empty variable counts as
 * unset.
 *
 * @throws PharosError `bad-config` when the file holds no token, or when the token cannot be sent in a header
 */
export function tokenOf(file: string | undefined, { environment }: Io): string | undefined {
  const [source, token] =
    file === undefined
      ? ["PHAROS_TOKEN", environment.PHAROS_TOKEN?.trim() || undefined]
      : ["--token-file", readToken(file)];
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new PharosError(
      "bad-config",
      `${source}: a token must not contain spaces, line ends or non-ASCII characters`,
    );
  return token;
}

function readToken(file: string): string {
  const token = readText(file).trim();
  if (token === "") throw new PharosError("bad-config", `--token-file: ${file} holds no token`);
  return token;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PharosError("bad-config", `--token-file: cannot read a token: ${why}`, { cause });
  }
}
