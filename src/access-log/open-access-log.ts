import type { Writable } from "node:stream";

import { AccessLog, type AccessLogOptions } from "./access-log.js";
import { FileOutput } from "./file-output.js";
import { StreamOutput } from "./stream-output.js";

export interface AccessLogTarget extends Omit<AccessLogOptions, "output"> {
  readonly settings: AccessLogOptions["settings"] & {
    /** The path of a file, `-` for `stdout`, or `off`. */
    readonly accessLog: string;
  };
  readonly stdout: Writable;
}

/**
 * Opens the access log; undefined if it is off.
 *
 * @throws PharosError `bad-config` if the file cannot be opened
 */
export function openAccessLog(target: AccessLogTarget): AccessLog | undefined {
  const { accessLog } = target.settings;
  if (accessLog !== "off" && accessLog !== "-") new FileOutput(accessLog, target.clock).check();
  return uncheckedAccessLog(target);
}

/** As {@link openAccessLog}, but never throws: while the file cannot be opened, lines are dropped, counted and told. */
export function uncheckedAccessLog({ stdout, ...options }: AccessLogTarget): AccessLog | undefined {
  const { accessLog } = options.settings;
  if (accessLog === "off") return undefined;
  if (accessLog === "-") return new AccessLog({ ...options, output: new StreamOutput(stdout) });
  return new AccessLog({ ...options, output: new FileOutput(accessLog, options.clock) });
}
