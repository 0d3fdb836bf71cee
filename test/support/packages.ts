import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./ipc.js";

const execute = promisify(execFile);
const npmArguments = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * Packs `@pharos/client` and `@pharos/react`, which are built, into `folder`/packed, and makes `folder` an application
 * that has installed them.
 *
 * @param others further packages with their versions, from the registry
 */
export async function installPackages(
  folder: string,
  { names, others = [] }: { readonly names: readonly string[]; readonly others?: readonly string[] },
): Promise<void> {
  const packed = join(folder, "packed");
  mkdirSync(packed);
  for (const name of names)
    await execute("npm", ["pack", "--pack-destination", packed, ...npmArguments], {
      cwd: join(root, "packages", name),
    });
  const tarballs = readdirSync(packed).map((file) => join(packed, file));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await execute("npm", ["install", "--prefer-offline", ...npmArguments, ...tarballs, ...others], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
}
