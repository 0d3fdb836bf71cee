import { PharosError } from "../../../base/errors.js";
import type { Io } from "../../terminal/io.js";
import { takenWithinMs, type CliPublisher } from "./publisher.js";
import { tokenOf } from "../token-source.js";

/** The target and the credentials of the command line. */
export interface Target {
  /** A ZeroMQ endpoint. Ignored if `url` is set. */
  readonly to: string;
  /** A file of CURVE keys for that endpoint. */
  readonly curve?: string | undefined;
  /** The URL of a hub: publishes over HTTP. */
  readonly url?: string | undefined;
  /** A file with a token for that hub. The default is the variable `PHAROS_TOKEN`. */
  readonly tokenFile?: string | undefined;
}

/**
 * Opens the publisher for the options of the command line.
 *
 * @throws PharosError `bad-endpoint`, `bad-curve-key`, `bad-config`
 */
export async function openPublisher(target: Target, io: Io): Promise<CliPublisher> {
  const { to, curve, url, tokenFile } = target;
  if (url !== undefined) {
    const { HttpPublisher } = await import("../../../publisher/http-publisher.js");
    return new HttpPublisher(url, { token: tokenOf(tokenFile, io), timeoutMs: takenWithinMs });
  }
  if (tokenFile !== undefined)
    throw new PharosError("bad-config", "--token-file needs --url: a ZeroMQ endpoint uses keys, not tokens");
  const { PushPublisher } = await import("../../../publisher/push-publisher.js");
  const keys = curve === undefined ? {} : { curve: await curveKeys(curve, io) };
  return PushPublisher.open(to, { timeoutMs: takenWithinMs, ...keys });
}

async function curveKeys(file: string, io: Io) {
  const { readCurveKeyFile: readKeyFile } = await import("../../../zeromq/curve/key-file.js");
  const { parseCurveClient } = await import("../../../zeromq/curve/keys.js");
  const { content, isExposed } = readKeyFile(file);
  if (isExposed)
    io.stderr.write(`pharos: other users can read the secret key in ${file}; chmod 600 prevents it\n`);
  return parseCurveClient(content, file);
}
