import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists, benchmarkDir, root } from "../machine/paths.js";

/** The programs in C and their sources. */
const programs = { load: ["load.c", "clients.c", "stream.c", "checker.c"], floor: ["floor.c"] } as const;
const headers = ["checker.h", "clients.h"];
const flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];

/**
 * Returns the path of a compiled program. Compiles the program if the sources have changed; warnings are errors.
 * Rejects with the compiler's messages, or if there is no compiler.
 */
export async function compiled(program: keyof typeof programs): Promise<string> {
  const sources = programs[program].map((name) => join(benchmarkDir, "native", name));
  const hash = createHash("sha256").update(flags.join(" "));
  for (const file of [...sources, ...headers.map((name) => join(benchmarkDir, "native", name))])
    hash.update(await readFile(file));
  const folder = join(root, ".cache", "benchmark");
  const path = join(folder, `${program}-${hash.digest("hex").slice(0, 16)}`);
  if (await exists(path)) return path;
  await mkdir(folder, { recursive: true });
  // The compiler first writes to another file, because two runs may compile at the same time.
  const unfinished = `${path}.${process.pid}`;
  await promisify(execFile)("gcc", [...flags, "-o", unfinished, ...sources]);
  await rename(unfinished, path);
  return path;
}
