import { chmod, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { bindUnix } from "../../../../src/fronts/listen/bind/bind-unix.js";
import type { Binding } from "../../../../src/fronts/listen/bind/binding.js";
import { waitForEvent } from "../../../support/wait-for.js";

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pharos-unix-"));
  path = join(folder, "http");
  onTestFinished(() => rm(folder, { recursive: true }));
});

async function bind(mode = 0o660): Promise<Binding | undefined> {
  const servers: Server[] = [];
  onTestFinished(() => servers.forEach((server) => void server.close()));
  const [binding] = await bindUnix(
    () => {
      const server = createServer((socket) => socket.end());
      servers.push(server);
      return server;
    },
    { path, mode },
  );
  return binding;
}

/** Leaves a socket on which nobody listens, as a killed hub does. */
async function leaveSocket(): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, "other"), resolve));
  await rename(join(folder, "other"), path);
  await new Promise((resolve) => server.close(resolve));
}

async function connects(): Promise<boolean> {
  await waitForEvent(connect({ path }), "connect", { within: 30_000, missing: "nobody listens" });
  return true;
}

function reasonOf(binding: Promise<unknown>): Promise<string> {
  return binding.then(() => "it listens", String);
}

test("a socket has its mode, and no other file is in its folder", async () => {
  await bind(0o600);
  expect([(await stat(path)).mode & 0o777, await readdir(folder)]).toEqual([0o600, ["http"]]);
});

test("clients connect, and the file is gone at the end", async () => {
  const binding = await bind();
  expect(binding?.bound).toEqual({ url: `unix:${path}` });
  expect(await connects()).toBe(true);
  binding?.remove?.();
  expect(await readdir(folder)).toEqual([]);
});

test("a socket on which nobody listens is replaced", async () => {
  await leaveSocket();
  await bind();
  expect(await connects()).toBe(true);
});

test("a socket on which another program listens is kept, and the reason says so", async () => {
  await bind();
  expect(await reasonOf(bind())).toBe("Error: another program listens there");
  expect(await connects()).toBe(true);
});

test("another kind of file is kept, and the reason says so", async () => {
  await writeFile(path, "precious");
  expect(await reasonOf(bind())).toBe(`Error: ${path} exists, and is not a socket`);
  expect((await stat(path)).size).toBe("precious".length);
});

test("the reason names the folder that does not exist, or is none", async () => {
  const missing = join(folder, "missing");
  path = join(missing, "http");
  expect(await reasonOf(bind())).toBe(`Error: the folder ${missing} does not exist`);
  await writeFile(missing, "");
  expect(await reasonOf(bind())).toBe(`Error: ${missing} is not a folder`);
});

test("the reason names the path that the operator knows", async () => {
  // This folder exists, and takes no files.
  path = "/proc/http";
  const reason = await reasonOf(bind());
  expect(reason).toMatch(/^Error: listen (?:EACCES|ENOENT): /);
  expect(reason.endsWith(path)).toBe(true);
});

test("at the end, the socket of another program at this path is kept", async () => {
  const first = await bind();
  await rename(path, join(folder, "moved"));
  await bind();
  first?.remove?.();
  expect((await readdir(folder)).toSorted()).toEqual(["http", "moved"]);
});

test("at the end, the socket of a successor is kept, also if it has the number of the removed file", async () => {
  const first = await bind();
  first?.server.close();
  await rm(path);
  // Many file systems, such as ext4, give the free number to the next file.
  await bind();
  first?.remove?.();
  expect(await connects()).toBe(true);
});

test("a folder that forbids to remove the file does not break the end", async () => {
  const binding = await bind();
  await chmod(folder, 0o500);
  binding?.remove?.();
  await chmod(folder, 0o700);
  await rm(path, { force: true });
  expect(() => binding?.remove?.()).not.toThrow();
});
