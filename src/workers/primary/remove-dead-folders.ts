import type { Stats } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { aliveSocket, scratchPrefix } from "./scratch-folder.js";

/** `mkdtemp` adds six letters or digits. */
const folderName = new RegExp(`^${scratchPrefix}[0-9]+-[A-Za-z0-9]{6}$`);

/** A hub that is starting creates its folder a moment before the socket that shows that the hub lives. */
const youngMs = 10 * 60_000;

/** The limit of folders that one call looks at. A later start looks at further folders. */
const mostFolders = 1000;

/**
 * Removes the scratch folders that killed hubs of this user have left in `parent`. A hub that was killed cannot remove
 * its folder. The process id in the name is no proof that a hub has ended: containers may share `parent`, and the
 * system reuses ids. So a folder is removed if nothing accepts connections at its socket. Never rejects: if a folder
 * cannot be examined or removed, the function leaves it.
 */
export async function removeDeadFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((each) => folderName.test(each)).slice(0, mostFolders)) {
    const path = join(parent, name);
    if (await isDead(path).catch(() => false))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isDead(path: string): Promise<boolean> {
  const stats = await lstat(path);
  if (!stats.isDirectory() || !isOurs(stats)) return false;
  const answer = await answerAt(join(path, aliveSocket));
  if (answer === "ENOENT") return Date.now() - stats.mtimeMs > youngMs;
  return answer === "ECONNREFUSED";
}

/** Another user may create folders of this name, even with symbolic links inside. */
function isOurs({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

/** The code of the error of a connection to this socket; undefined if the socket accepts connections. */
function answerAt(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? ""));
  });
}
