import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Endpoint } from "../../zeromq/endpoint.js";

/**
 * Checks an endpoint for which no keys are configured. Logs a warning if the hub would connect to another machine
 * without encryption.
 *
 * @throws PharosError `bad-endpoint` if the hub would bind an address that other machines can reach
 */
export function checkEndpoint({ mode, address, isLoopback }: Endpoint, logger: Logger): void {
  if (isLoopback) return;
  if (mode === "bind")
    throw new PharosError(
      "bad-endpoint",
      `other machines could publish at ${address}: bind loopback (tcp://127.0.0.1:PORT) or ipc://PATH, or require keys with --ingest-curve FILE (pharos keys FILE creates them)`,
    );
  logger.warn({ address }, "this connection is not encrypted: another program at its address could publish");
}
