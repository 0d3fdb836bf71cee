// Builds @pharos/client and @pharos/react into packages/*/dist: ES modules and CommonJS, with types for both.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const common = {
  absWorkingDir: root,
  bundle: true,
  target: "es2022",
  logLevel: "warning",
  // As the files that the hub serves.
  minify: true,
};

/** Emits the declarations of a package into its dist. */
function emitTypes(name) {
  execFileSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "packages", name)],
    {
      stdio: "inherit",
    },
  );
}

/** Deletes the declarations that the entry does not reach: the compiler writes one for each file. */
function keepReached(folder, entry) {
  const reached = new Set([join(folder, entry)]);
  for (const file of reached)
    for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g))
      reached.add(join(dirname(file), `${path}.d.ts`));
  for (const file of readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
}

/** Builds both forms of a package. Modules that an ES module loads later stay files of their own. */
async function bundle(name, { entry, external }) {
  const dist = join(root, "packages", name, "dist");
  const entryPoints = { index: entry };
  await build({ ...common, entryPoints, external, format: "esm", splitting: true, outdir: dist });
  await build({ ...common, entryPoints, external, format: "cjs", outdir: join(dist, "commonjs") });
  // Node and TypeScript read the files of this folder, with the same names, as CommonJS.
  writeFileSync(join(dist, "commonjs/package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
}

for (const name of ["client", "react"]) {
  rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true });
  mkdirSync(join(root, "packages", name, "dist/commonjs"), { recursive: true });
  copyFileSync(join(root, "LICENSE"), join(root, "packages", name, "LICENSE"));
}

const client = join(root, "packages/client/dist");
emitTypes("client");
keepReached(join(client, "types"), "client/index.d.ts");
await bundle("client", { entry: "src/client/index.ts", external: [] });
cpSync(join(client, "types"), join(client, "commonjs/types"), { recursive: true });
await build({
  ...common,
  entryPoints: ["src/client/pharos-client-worker.ts"],
  format: "esm",
  outfile: join(client, "worker.js"),
});

const react = join(root, "packages/react/dist");
emitTypes("react");
await bundle("react", { entry: "packages/react/src/index.ts", external: ["react", "@pharos/client"] });
// The declarations name nothing of the files of the client that the package contains.
for (const file of ["index.d.ts", "hooks.d.ts", "topic-store.d.ts"])
  for (const folder of [".", "commonjs"])
    copyFileSync(join(react, "emitted/packages/react/src", file), join(react, folder, file));
rmSync(join(react, "emitted"), { recursive: true });
