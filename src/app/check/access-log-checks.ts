import { accessSync, constants, statSync } from "node:fs";

import type { Config } from "../../config/config.js";
import type { Check } from "./check.js";
import { checkMayCreate } from "./may-write.js";

/** Checks that the file of the access log can be opened or created. */
export function accessLogChecks({ accessLog }: Pick<Config, "accessLog">): readonly Check[] {
  if (accessLog === "off" || accessLog === "-") return [];
  return [{ what: `--access-log ${accessLog}`, run: () => checkLogFile(accessLog) }];
}

function checkLogFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return checkMayCreate(file);
  if (!found.isFile()) throw new Error(`${file} is not a regular file; allowed is a regular file, or -`);
  accessSync(file, constants.W_OK);
}
