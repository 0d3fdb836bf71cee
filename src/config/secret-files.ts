import { closeSync, openSync, readSync } from "node:fs";

import { messageOf } from "../base/errors.js";
import { decodeUtf8, withoutByteOrderMark } from "../base/utf8.js";
import { fileVariableName, variableName } from "./declare/setting.js";
import { settings } from "./settings.js";
import type { Given } from "./sources.js";

/** The most bytes of a file with a secret. Secrets have a few hundred bytes; /dev/zero and a log are no secrets. */
export const mostSecretBytes = 64 * 1024;

/** The secrets of files that variables name, and one line for each file that cannot be used. */
export interface SecretsOfFiles {
  readonly given: readonly Given[];
  readonly faults: readonly string[];
}

/**
 * Reads the files that variables such as `PHAROS_TOKEN_SECRET_FILE` name. The secret is the text of the file without its
 * last line break. An empty variable counts as absent. The faults never quote the content of a file.
 */
export function secretsOfFiles(environment: Readonly<Record<string, string | undefined>>): SecretsOfFiles {
  const given: Given[] = [];
  const faults: string[] = [];
  for (const { key, option } of settings.filter(({ secret }) => secret === true)) {
    const variable = fileVariableName(option);
    const file = environment[variable]?.trim() ?? "";
    if (file === "") continue;
    try {
      checkOnlyOne(variableName(option), environment);
      given.push({ path: [key], value: readSecret(file), origin: variable });
    } catch (error) {
      faults.push(`${variable}: ${messageOf(error)}`);
    }
  }
  return { given, faults };
}

function checkOnlyOne(variable: string, environment: Readonly<Record<string, string | undefined>>): void {
  if ((environment[variable]?.trim() ?? "") !== "")
    throw new Error(`${variable} is set, too; allowed is one of the two variables`);
}

function readSecret(file: string): string {
  const bytes = readBytes(file);
  if (bytes.length > mostSecretBytes)
    throw new Error(`${file} has more than ${mostSecretBytes} bytes; a secret may have ${mostSecretBytes}`);
  return withoutByteOrderMark(decodeUtf8(bytes, file)).replace(/\r?\n$/, "");
}

/** Reads one byte more than a secret may have. The file may be a pipe, which has no size. */
function readBytes(file: string): Buffer {
  const bytes = Buffer.alloc(mostSecretBytes + 1);
  let descriptor: number | undefined;
  let length = 0;
  try {
    descriptor = openSync(file, "r");
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } catch (cause) {
    throw new Error(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
