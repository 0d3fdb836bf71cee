import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { chmod, lstat, rename, stat } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import type { Binding, CreateServer } from "./binding.js";
import { listenOn } from "./listen-on.js";

export interface UnixSocket {
  readonly path: string;
  /** The mode of the file. A program needs the right to write, to connect. */
  readonly mode: number;
}

/**
 * Binds a unix socket. The file has its mode from the first moment, and replaces a socket on which nobody listens, such
 * as that of a hub that was killed. Rejects if another program listens on the path, if the path is another kind of file, or
 * if its folder does not exist.
 */
export async function bindUnix(
  create: CreateServer,
  { path, mode }: UnixSocket,
): Promise<readonly Binding[]> {
  await checkFolder(dirname(path));
  await checkFree(path);
  // Seven more characters than the path: see `longestSocketPath`.
  const temporary = `${path}.${randomBytes(3).toString("hex")}`;
  const server = create();
  try {
    await listenOn(server, { path: temporary });
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    throw withPath(error, { temporary, path });
  }
  const own = await lstat(path, { bigint: true });
  return [{ server, bound: { url: `unix:${path}` }, remove: () => removeSocket(path, own) }];
}

/** Node reports EACCES (permission denied) for a socket in a folder that does not exist. */
async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new Error(`the folder ${folder} does not exist`, { cause: error });
    throw error;
  });
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
}

async function checkFree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} exists, and is not a socket`);
  if (await isInUse(path)) throw new Error("another program listens there");
}

/** True unless the system refuses a connection, because nobody listens. */
function isInUse(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT"),
    );
  });
}

/** Removes the file, unless it is the socket of another program by now. */
function removeSocket(path: string, own: BigIntStats): void {
  try {
    if (isSame(lstatSync(path, { bigint: true }), own)) unlinkSync(path);
  } catch {
    // Somebody has removed the file or its folder, or forbids it. The next start replaces the file.
  }
}

/** A new file may get the number of a removed one, but it has a later time of birth. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.birthtimeNs === other.birthtimeNs;
}

/** An operator knows the path, and not the temporary one. */
function withPath(
  error: unknown,
  { temporary, path }: { readonly temporary: string; readonly path: string },
): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(reason.replaceAll(temporary, path), { cause: error });
}
