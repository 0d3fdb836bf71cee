import type { Live } from "../../base/live/live.js";
import type { Logger } from "../../base/log.js";
import type { Config } from "../../config/config.js";
import { planReload, type ReloadPlan } from "../../config/plan-reload.js";
import type { Reloadable } from "./reloadable.js";

/** The result of {@link Reloader.reload}. */
export type Reloaded = ReloadPlan;

export interface ReloaderOptions {
  readonly live: Live<Config>;
  /** The parts that read files. */
  readonly files: readonly Reloadable[];
  /** Called after a change of the settings, with the earlier ones. */
  readonly changed: (before: Config) => void;
  readonly logger: Logger;
}

/** Applies another configuration to a running hub: all of it, as far as a running hub can, or nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** @throws PharosError `bad-config`, or the errors of {@link Reloadable.prepare}. Then nothing has changed */
  reload(given: Config): Reloaded {
    const { live, files, changed, logger } = this.#options;
    const before = { ...live.current };
    const plan = planReload(before, given);
    // Everything that can fail comes first.
    const prepared = files.map((each) => each.prepare(plan.config));
    live.replace(plan.config);
    for (const { use } of prepared) use();
    changed(before);
    const reloaded = { ...plan, kept: [...plan.kept, ...prepared.flatMap(({ kept = [] }) => kept)] };
    log(reloaded, logger);
    return reloaded;
  }
}

function log({ changed, kept }: Reloaded, logger: Logger): void {
  logger.info({ changed }, "the configuration is loaded again; the files of keys are read again");
  if (kept.length > 0)
    logger.warn({ kept }, "these settings need a restart; the values of `from` stay in use");
}
