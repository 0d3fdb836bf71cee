import { readFileSync } from "node:fs";

import { messageOf, PharosError } from "../../base/errors.js";

/**
 * Reads the file that a setting names.
 *
 * @throws PharosError `bad-config` if the file cannot be read
 */
export function readSettingFile(setting: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PharosError("bad-config", `${setting}: cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}
