import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Mongrel2Specs } from "../config/config.js";
import type { Logger } from "../base/log.js";

/** How a link is called in figures, log lines and the line `ready`: its place in the settings, counted from 1. */
export function linkName(index: number): string {
  return `mongrel2-${index + 1}`;
}

/**
 * The file in which a link's open streams are written down; the same for the same server at every start. Undefined
 * when there is no folder for it, or it cannot be made: then a crash leaves streams to be found without it.
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
      "open streams are not written down: after a crash their clients may stay deaf",
    );
    return undefined;
  }
  const name = createHash("sha256")
    .update(JSON.stringify([wholeSpec(specs.send), wholeSpec(specs.recv)]))
    .digest("hex")
    .slice(0, 16);
  return join(stateDir, `streams-${name}.ids`);
}

/** An ipc path counts from the folder in which the hub runs: the same text elsewhere is another server. */
function wholeSpec(spec: string): string {
  return spec.startsWith("ipc://") ? `ipc://${resolve(spec.slice("ipc://".length))}` : spec;
}
