import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "../../base/log.js";
import type { Mongrel2Specs } from "../../config/values/addresses.js";

/**
 * The path of the file that records a link's open streams. At every start of the hub, the same server has the same
 * file. Undefined if there is no state folder, or if the folder cannot be created. Without this file, the link cannot
 * find streams of an earlier run after a crash.
 */
export function recordFile(
  stateDir: string | undefined,
  specs: Mongrel2Specs,
  logger: Logger,
): string | undefined {
  if (stateDir === undefined) return undefined;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    logger.warn(
      { stateDir, error },
      "cannot record open streams: after a crash, their clients may get no events until they reconnect",
    );
    return undefined;
  }
  const name = createHash("sha256")
    .update(JSON.stringify([absoluteSpec(specs.send), absoluteSpec(specs.recv)]))
    .digest("hex")
    .slice(0, 16);
  return join(stateDir, `streams-${name}.ids`);
}

/** A relative ipc path starts at the hub's working folder, so the same text in another folder means another server. */
function absoluteSpec(spec: string): string {
  return spec.startsWith("ipc://") ? `ipc://${resolve(spec.slice("ipc://".length))}` : spec;
}
