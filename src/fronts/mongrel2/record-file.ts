import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Mongrel2Specs } from "../../config/values/addresses.js";

/**
 * The path of the file that records a link's open streams; undefined if there is no state folder. At every start of the
 * hub, the same server has the same file. Without this file, the link cannot find streams of an earlier run after a
 * crash.
 */
export function recordFile(stateDir: string | undefined, specs: Mongrel2Specs): string | undefined {
  if (stateDir === undefined) return undefined;
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
