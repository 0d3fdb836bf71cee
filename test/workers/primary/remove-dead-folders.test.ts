import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { removeDeadFolders } from "../../../src/workers/primary/remove-dead-folders.js";
import { waitFor } from "../../support/wait-for.js";

const within = 30_000;

function createParent(): string {
  const parent = mkdtempSync(join(tmpdir(), "folders-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return parent;
}

function createFolder(parent: string, name: string): string {
  const path = join(parent, name);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

// `kill -9` of a hub with workers left its folder in the temporary directory for ever.
it("removes the folder of a killed process, and keeps the folder of a living one", async () => {
  const parent = createParent();
  const dead = createFolder(parent, "pharos-workers-1-deadAA");
  const living = createFolder(parent, "pharos-workers-2-liveAA");
  const socket = JSON.stringify(join(dead, "hub"));
  const owner = spawn(process.execPath, ["-e", `require("net").createServer().listen(${socket})`]);
  onTestFinished(() => void owner.kill("SIGKILL"));
  await waitFor(() => existsSync(join(dead, "hub")), { within, missing: "the process has no socket" });
  const server = createServer().listen(join(living, "hub"));
  onTestFinished(() => void server.close());
  await removeDeadFolders(parent);
  expect([existsSync(dead), existsSync(living)]).toEqual([true, true]);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  await removeDeadFolders(parent);
  expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
});

it("keeps a folder without a socket for ten minutes, because its hub may be starting", async () => {
  const parent = createParent();
  const young = createFolder(parent, "pharos-workers-1-youngA");
  const old = createFolder(parent, "pharos-workers-1-oldAAA");
  const seconds = Date.now() / 1000 - 660;
  utimesSync(old, seconds, seconds);
  await removeDeadFolders(parent);
  expect([existsSync(young), existsSync(old)]).toEqual([true, false]);
});

it("touches nothing that no hub of this user has made", async () => {
  const parent = createParent();
  const others = [
    "pharos-workers",
    "pharos-workers-1-short",
    "pharos-workers-x-deadAA",
    "xpharos-workers-1-deadAA",
  ];
  const open = createFolder(parent, "pharos-workers-3-openAA");
  chmodSync(open, 0o755);
  const link = join(parent, "pharos-workers-3-linkAA");
  const kept = [...others.map((name) => createFolder(parent, name)), open];
  // Nothing listens at a plain file.
  for (const path of kept) writeFileSync(join(path, "hub"), "");
  symlinkSync(join(parent, "pharos-workers"), link);
  await removeDeadFolders(parent);
  expect([...kept, link].filter((path) => !existsSync(path))).toEqual([]);
});

it("does nothing if the folder of folders cannot be read", async () => {
  await expect(removeDeadFolders(join(createParent(), "none"))).resolves.toBeUndefined();
});
