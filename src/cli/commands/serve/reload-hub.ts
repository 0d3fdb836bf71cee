import type { App } from "../../../app/app-ports.js";
import type { Config } from "../../../config/config.js";
import { messageOf, PharosError } from "../../../base/errors.js";
import type { LeveledLogger } from "../../../base/log.js";

/**
 * Loads the configuration again and applies it to a running hub. If the configuration has a fault, changes nothing and
 * logs each fault.
 *
 * @returns the configuration that applies now; undefined after a fault
 */
export function reloadHub(
  app: Pick<App, "reload">,
  { load, logger }: { readonly load: () => Config; readonly logger: LeveledLogger },
): Config | undefined {
  try {
    const { config } = app.reload(load());
    logger.level = config.logLevel;
    return config;
  } catch (error) {
    const fields = error instanceof PharosError ? { faults: messageOf(error).split("\n") } : { error };
    logger.error(fields, "the configuration is not loaded again; the earlier one stays in use");
    return undefined;
  }
}
