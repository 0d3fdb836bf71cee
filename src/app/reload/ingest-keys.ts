import { readCurveKeyFile } from "../../zeromq/curve/key-file.js";
import { parseCurveServer, type CurveServer } from "../../zeromq/curve/keys.js";
import type { Endpoint } from "../../zeromq/endpoint.js";
import type { Logger } from "../../base/log.js";

/**
 * Reads the keys for ingest endpoints that other machines can reach; undefined if no file is configured. Logs the hub's
 * public key. Also warns if other users can read the file, or if the file is not used.
 *
 * @throws PharosError `bad-curve-key` if the file cannot be used
 */
export function readIngestKeys(options: {
  readonly file: string | undefined;
  readonly endpoints: readonly Endpoint[];
  readonly logger: Logger;
}): CurveServer | undefined {
  const { file, endpoints, logger } = options;
  if (file === undefined) return undefined;
  const { content, isExposed } = readCurveKeyFile(file);
  const keys = parseCurveServer(content, file);
  const clients = keys.clients?.size ?? "any";
  logger.info({ publicKey: keys.publicKey, clients }, "ZeroMQ publishers on other machines need keys");
  if (isExposed)
    logger.warn({ file }, "other users can read or change the secret key; chmod 600 prevents it");
  if (endpoints.every(({ isLoopback }) => isLoopback))
    logger.warn({ file }, "no ingest endpoint is reachable from other machines: the keys are not used");
  return keys;
}
