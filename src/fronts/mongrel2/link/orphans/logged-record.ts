import { messageOf } from "../../../../base/errors.js";
import type { Logger } from "../../../../base/log.js";
import { OpenRecord } from "./record.js";
import type { OpenRecordOptions } from "./record.js";

export interface LoggedRecordOptions extends Omit<OpenRecordOptions, "failed" | "recovered"> {
  readonly labels: { readonly link: string };
  readonly logger: Logger;
}

/** Creates an {@link OpenRecord} that logs when its file cannot be used, and when it can be used again. */
export function loggedRecord({ labels, logger, ...options }: LoggedRecordOptions): OpenRecord {
  const { file } = options;
  return new OpenRecord({
    ...options,
    failed: (error) =>
      logger.warn(
        { ...labels, file, reason: messageOf(error) },
        "cannot record open streams: after a crash, their clients may get no events until they reconnect",
      ),
    recovered: () => logger.info({ ...labels, file }, "open streams are recorded again"),
  });
}
