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
export function openAccessLog({ stdout, ...options }: AccessLogTarget): AccessLog | undefined {
  const { accessLog } = options.settings;
  if (accessLog === "off") return undefined;
  if (accessLog === "-") return new AccessLog({ ...options, output: new StreamOutput(stdout) });
  const output = new FileOutput(accessLog, options.clock);
  output.check();
  return new AccessLog({ ...options, output });
}
