import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Candidate } from "../candidate/candidate.js";
import { exists, root } from "../machine/paths.js";
import { entryOf, pharos, pharosVersion, startAlone } from "./pharos.js";

/** The name, in a comparison, of the hub of the other checkout. */
export const baseName = "base";

/** The hub of another checkout and the hub of this checkout, with equal settings. A run compares these two versions. */
export function pharosCheckouts(base: string): readonly Candidate[] {
  return [checkout({ name: baseName, title: "base", dir: base }), checkout({ ...pharos, dir: root })];
}

function checkout({ name, title, dir }: { name: string; title: string; dir: string }): Candidate {
  return {
    ...pharos,
    name,
    title,
    unavailable: async () =>
      (await exists(entryOf(dir)))
        ? undefined
        : `${entryOf(dir)} does not exist; build it with ${join(dir, "scripts", "pharos")} --version`,
    version: async () => `${await pharosVersion(dir)}, commit ${await commitOf(dir)}`,
    start: async (options) => startAlone(options, dir),
  };
}

async function commitOf(dir: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)("git", ["-C", dir, "rev-parse", "--short", "HEAD"]);
    return stdout.trim();
  } catch {
    return "unknown";
  }
}
