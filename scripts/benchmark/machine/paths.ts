import { access } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the benchmark. */
export const benchmarkDir = dirname(dirname(fileURLToPath(import.meta.url)));

/** The project's folder. */
export const root = dirname(dirname(benchmarkDir));

/** Whether a file or folder exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** An absolute path. A relative path is relative to the folder in which the user typed the command. */
export function resolveUserPath(path: string): string {
  return resolve(process.env["BENCH_CWD"] ?? process.cwd(), path);
}
