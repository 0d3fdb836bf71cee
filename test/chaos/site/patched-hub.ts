import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../support/ipc.js";
import type { OnEnd } from "../../support/on-end.js";

/** One change to a file of the built hub. */
export interface Patch {
  /** Relative to `dist`. */
  readonly file: string;
  /** A text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** @throws Error if the text is not in the file exactly once: then the patch no longer fits the hub */
export function patched(text: string, { file, find, replace }: Patch): string {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`${JSON.stringify(find)} is ${parts.length - 1} times in ${file}, not once`);
  return parts.join(replace);
}

/** A copy of the built hub with faults. Returns the file that node runs. */
export async function patchedHub(patches: readonly Patch[], onEnd: OnEnd): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pharos-patched-"));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  await cp(join(root, "dist"), join(folder, "dist"), { recursive: true });
  for (const name of ["node_modules", "html", "package.json"])
    await symlink(join(root, name), join(folder, name));
  for (const patch of patches) {
    const path = join(folder, "dist", patch.file);
    await writeFile(path, patched(await readFile(path, "utf8"), patch));
  }
  return join(folder, "dist", "cli", "main.js");
}
