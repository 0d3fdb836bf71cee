import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import type { DiskLog as OriginalLog } from "../../../src/journal/disk/disk-log.js";
import type { CreateLog } from "./power-cut-run.js";

const journal = fileURLToPath(new URL("../../../src/journal/", import.meta.url));

export interface Patch {
  /** A file of `src/journal/disk/`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * A log on disk with a fault: a copy of the code in which one text is replaced. Tests show with it that they notice the
 * fault. Throws if the file does not have the text exactly once.
 */
export async function patchedDiskLog({ file, from, to }: Patch): Promise<CreateLog> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-patched-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(journal, "disk"), join(folder, "disk"), { recursive: true });
  const patched = join(folder, "disk", file);
  const parts = readFileSync(patched, "utf8").split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times the text: ${from}`);
  writeFileSync(patched, parts.join(to));
  for (const name of readdirSync(join(folder, "disk"), { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".ts")) useOriginals(join(folder, "disk", name));
  const module: unknown = await import(pathToFileURL(join(folder, "disk", "disk-log.ts")).href);
  const { DiskLog } = module as { readonly DiskLog: typeof OriginalLog };
  return (options) => new DiskLog(options);
}

/** Imports from outside the folder come from the original code. */
function useOriginals(path: string): void {
  const text = readFileSync(path, "utf8").replaceAll(
    /"(?:\.\.\/)+(base|log)\/([a-z-]+)\.js"/g,
    (_, folder: string, name: string) =>
      JSON.stringify(join(journal, folder === "base" ? "../base" : "log", `${name}.js`)),
  );
  writeFileSync(path, text);
}
