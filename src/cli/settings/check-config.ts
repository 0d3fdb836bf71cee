import { checkStart } from "../../app/check/check-start.js";
import { systemClock } from "../../app/system-clock.js";
import { PharosError } from "../../base/errors.js";
import { loadConfig } from "../../config/load.js";
import type { SettingText } from "../../config/settings.js";
import type { Io } from "../terminal/io.js";
import { createLogger } from "../terminal/log-lines.js";
import { visible } from "../terminal/visible.js";
import { warnOfUnknownVariables } from "./unknown-variables.js";

/**
 * Checks the settings of `serve`, and what a start needs beside them. Prints one line for each thing that a start can
 * use, and the line `ok`.
 *
 * @throws PharosError `bad-config`, with one line for each fault
 */
export function runCheckConfig(options: ReadonlyMap<string, SettingText>, io: Io): void {
  const config = loadConfig({ options, environment: io.environment });
  const logger = createLogger(config.logLevel, io.stderr);
  warnOfUnknownVariables(io, logger);
  const { usable, faults } = checkStart(config, { clock: systemClock, logger });
  if (faults.length > 0) throw new PharosError("bad-config", faults.join("\n"));
  for (const line of ["settings", ...usable]) io.stdout.write(`${visible(line)}: can be used\n`);
  io.stdout.write("ok\n");
}
