import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Config } from "../../config/config.js";
import { readNatsFiles } from "../create-journal.js";
import type { Check } from "./check.js";
import { checkMayWriteIn } from "./may-write.js";

/** Checks the folder of the journal, or the files for a connection to NATS. */
export function journalChecks(config: Config, logger: Logger): readonly Check[] {
  const { journal } = config;
  switch (journal.kind) {
    case "memory":
      return [];
    case "nats":
      return natsChecks(config);
    case "disk": {
      const what = `--journal ${journal.dir}`;
      const message = "the journal would be in memory, because its folder cannot be used";
      const run = (): void => checkMayWriteIn(journal.dir);
      return [{ what, run: journal.orMemory ? () => onlyWarn(run, { logger, message }) : run }];
    }
    default:
      return journal satisfies never;
  }
}

function natsChecks({ journalCredentials, journalCa }: Config): readonly Check[] {
  return [
    ...(journalCredentials === undefined
      ? []
      : [
          {
            what: `--journal-credentials ${journalCredentials}`,
            run: () => void readNatsFiles({ journalCredentials }),
          },
        ]),
    ...(journalCa === undefined
      ? []
      : [{ what: `--journal-ca ${journalCa}`, run: () => void readNatsFiles({ journalCa }) }]),
  ];
}

/** Checks the folder for records of open streams. A hub starts without it, with a warning. */
export function recordChecks({ mongrel2, stateDir }: Config, logger: Logger): readonly Check[] {
  if (mongrel2.length === 0 || stateDir === undefined) return [];
  const message =
    "cannot record open streams: after a crash, their clients may get no events until they reconnect";
  return [
    {
      what: `--state-dir ${stateDir}`,
      run: () => onlyWarn(() => checkMayWriteIn(stateDir), { logger, message }),
    },
  ];
}

function onlyWarn(
  check: () => void,
  { logger, message }: { readonly logger: Logger; readonly message: string },
): void {
  try {
    check();
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, message);
  }
}
