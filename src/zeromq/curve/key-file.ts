import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { messageOf, PharosError } from "../../base/errors.js";
import { withoutByteOrderMark } from "../../base/utf8.js";
import type { CurveKey, CurveKeyPair } from "./keys.js";

/** The content of a key file, not yet parsed. */
export interface KeyFile {
  readonly content: unknown;
  /** True if users other than the owner and its group can read or change the file. */
  readonly isExposed: boolean;
}

const others = 0o006;

/**
 * Reads a JSON file of keys.
 *
 * @throws PharosError `bad-curve-key` if the file cannot be read or is not JSON; the message never quotes the file
 */
export function readCurveKeyFile(file: string): KeyFile {
  const { text, mode } = readOpened(file);
  return { content: parseJson(text, file), isExposed: (mode & others) !== 0 };
}

/**
 * Writes a key pair to a new file that only its owner can read. The file of a publisher also contains `serverKey`, the
 * hub's public key.
 *
 * @throws PharosError `bad-curve-key` if the file already exists (its keys may be in use), or cannot be written
 */
export function writeKeyFile(file: string, keys: CurveKeyPair & { readonly serverKey?: CurveKey }): void {
  try {
    writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    throw new PharosError("bad-curve-key", `cannot write keys to a new file: ${messageOf(cause)}`, { cause });
  }
}

/** Checks the mode and reads the text of the same open file, so that no program can replace the file in between. */
function readOpened(file: string): { readonly text: string; readonly mode: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    return { text: withoutByteOrderMark(readFileSync(descriptor, "utf8")), mode: fstatSync(descriptor).mode };
  } catch (cause) {
    throw new PharosError("bad-curve-key", `cannot read keys: ${messageOf(cause)}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error has no `cause`, because V8's error message quotes the JSON text, which contains a secret.
    throw new PharosError("bad-curve-key", `${file} is not JSON; pharos keys creates valid files`);
  }
}
