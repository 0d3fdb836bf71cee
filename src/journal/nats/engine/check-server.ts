import type { ServerInfo } from "@nats-io/transport-node";
import { PharosError } from "../../../base/errors.js";
import type { Logger } from "../../../base/log.js";

/** The bytes of a message beside its record: subject and protocol, with a reserve. */
export const messageOverheadBytes = 4096;

/** Before this version, a server that is killed may lose a stream. */
const goodVersion = [2, 10, 23] as const;

/** Older versions lack requests that the log uses. */
const leastVersion = [2, 9, 0] as const;

/**
 * Checks the settings of a server, and warns of old versions.
 *
 * @throws PharosError `bad-config` if the hub cannot use the server
 */
export function checkServer(server: ServerInfo, leastRecordBytes: number, logger: Logger): void {
  const { server_name: name, version, jetstream, cluster } = server;
  if (jetstream !== true && cluster === undefined)
    throw new PharosError(
      "bad-config",
      `the NATS server ${name} runs without JetStream. Start it with --jetstream`,
    );
  const leastPayload = leastRecordBytes + messageOverheadBytes;
  if (server.max_payload < leastPayload)
    throw new PharosError(
      "bad-config",
      `the NATS server ${name} has max_payload ${server.max_payload}; the hub needs at least ${leastPayload}. Set \`max_payload: 8MB\` on all servers`,
    );
  if (isOlder(version, leastVersion))
    throw new PharosError(
      "bad-config",
      `the NATS server ${name} has version ${version}; the hub needs 2.9 or newer`,
    );
  if (isOlder(version, goodVersion))
    logger.warn(
      { server: name, version },
      "use nats-server 2.10.23 or newer: older versions may lose records if a server is killed or loses power",
    );
}

function isOlder(version: string, than: readonly [number, number, number]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  const index = than.findIndex((part, at) => part !== (parts[at] ?? 0));
  return index >= 0 && (parts[index] ?? 0) < (than[index] ?? 0);
}
