import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists, benchmarkDir, root } from "../machine/paths.js";

/** The programs in C, each with its sources. */
const programs = { load: ["load.c", "clients.c", "stream.c", "checker.c"], floor: ["floor.c"] } as const;
const headers = ["checker.h", "clients.h"];
const flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];

/**
 * The path of a compiled program. Compiles it unless that has been done for the same sources; warnings are errors.
 * Rejects with what the compiler says, or when there is none.
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
  // Under another name first: two runs may compile at once.
  const unfinished = `${path}.${process.pid}`;
  await promisify(execFile)("gcc", [...flags, "-o", unfinished, ...sources]);
  await rename(unfinished, path);
  return path;
}
