import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";

const execute = promisify(execFile);
const npmArguments = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
let folder = "";

// Installs the package as a user does, in a folder with nothing else.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-package-"));
  const packed = join(folder, "packed");
  mkdirSync(packed);
  // The build already exists. `npm pack` must not build again, because other tests use the built files now.
  await execute("npm", ["pack", "--pack-destination", packed, ...npmArguments], { cwd: root });
  const [tarball = ""] = readdirSync(packed);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await execute("npm", ["install", "--prefer-offline", ...npmArguments, join(packed, tarball)], {
    cwd: folder,
  });
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function npx(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute("npx", ["--no-install", "pharos", ...args], { cwd: folder });
  return stdout;
}

test("npx pharos --version prints the version", async () => {
  expect(await npx("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("npx pharos --help names the commands", async () => {
  const help = await npx("--help");
  for (const command of ["serve", "publish", "beacon", "subscribe"]) expect(help).toContain(command);
});

test("npx pharos serve is ready, and serves the page", async () => {
  const args = [
    "--no-install",
    "pharos",
    "serve",
    "--http",
    "0",
    "--ingest",
    "@ipc://ingest",
    "--state-dir",
    "off",
  ];
  // npx does not pass every signal on, so the hub has its own process group.
  const child = spawn("npx", args, { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const hub = new HubProcess(child, folder);
  onTestFinished(async () => {
    if (hub.exit === undefined) process.kill(-hub.pid, "SIGKILL");
    await hub.waitForExit({ within: 30_000 });
  });
  await hub.waitForReady({ within: 30_000 });
  const page = await fetch(`${hub.httpUrl}/`);
  expect(await page.text()).toContain("<title>Pharos</title>");
  process.kill(-hub.pid, "SIGTERM");
  await hub.waitForExit({ within: 30_000 });
});

test("the package contains the files for users, and neither sources nor tests", async () => {
  const installed = readdirSync(join(folder, "node_modules", "pharos"));
  expect(installed).toEqual(
    expect.arrayContaining(["LICENSE", "config.schema.json", "dist", "html", "mongrel2", "package.json"]),
  );
  for (const name of ["src", "test", "scripts"]) expect(installed).not.toContain(name);
  // The file names the command line tool of a checkout. Without it, the console writes `pharos`.
  expect(readdirSync(join(folder, "node_modules", "pharos", "html"))).not.toContain("program.js");
});

test("a program that imports hub and client compiles with their types, runs, and ends by itself", async () => {
  writeFileSync(join(folder, "main.ts"), program);
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  // The types of Node and the dependency of these types. A user's program also has both packages.
  for (const name of ["@types/node", "undici-types"])
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  const compiler = join(root, "node_modules", ".bin", "tsc");
  // A program for Node has no types of browsers.
  const options = "--strict --module nodenext --target es2022 --lib es2023 --types node".split(" ");
  await execute(compiler, [...options, "main.ts"], { cwd: folder });
  const { stdout } = await execute(process.execPath, ["main.js"], { cwd: folder, timeout: 30_000 });
  expect(stdout).toBe("imported\n");
});

test("CommonJS programs, and tools that do not know `exports`, find the library with its types", async () => {
  writeFileSync(join(folder, "main.cts"), commonJsProgram);
  const compiler = join(root, "node_modules", ".bin", "tsc");
  const options = "--strict --module nodenext --target es2022 --lib es2023 --types node".split(" ");
  await execute(compiler, [...options, "main.cts"], { cwd: folder });
  const { stdout } = await execute(process.execPath, ["main.cjs"], { cwd: folder, timeout: 30_000 });
  expect(stdout).toBe("function function pharos-client-worker.js\n");
  const { types = "" } = JSON.parse(
    readFileSync(join(folder, "node_modules", "pharos", "client", "package.json"), "utf8"),
  ) as { readonly types?: string };
  expect(readFileSync(join(folder, "node_modules", "pharos", "client", types), "utf8")).toContain("connect");
});

const commonJsProgram = `
import { connect, type LiveItem } from "pharos/client";
import { basename, join } from "node:path";
const worker = require.resolve("pharos/client/worker");
const byFolder = require(join(worker, "..", "..", "client"));
export const items: LiveItem[] = [];
console.log(typeof connect, typeof byFolder.connect, basename(worker));
`;

const program = `
import { createApp, loadConfig, silentLogger, streamPath, type App, type Config } from "pharos";
import { connect, type LiveItem } from "pharos/client";

const environment = { PHAROS_HTTP: "0", PHAROS_INGEST: "@ipc://imported", PHAROS_STATE_DIR: "off", PHAROS_ADMIN: "off" };
const config: Config = loadConfig({ environment });
const app: App = await createApp(config, { logger: silentLogger, version: "0" });
const live = connect(app.ready.http + streamPath);
live.on("state", (state) => {
  if (state.kind === "open") void app.publish({ topics: ["broadcast"], data: "imported" });
});
for await (const item of live) {
  const received: LiveItem = item;
  if (received.kind === "event") console.log(received.data);
  break;
}
live.close();
await app.close();
`;
