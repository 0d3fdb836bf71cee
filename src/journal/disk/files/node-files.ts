import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { fileErrorCode, type DiskFile, type DiskFiles } from "./files.js";
import { holdFolder } from "./hold-folder.js";

/** The file system of the machine. */
export const nodeFiles: DiskFiles = {
  createFolder,
  syncFolder,
  list: (dir) => readdir(dir),
  create: async (path) => new NodeFile(await open(path, "wx+", 0o600)),
  open: async (path) => new NodeFile(await open(path, constants.O_RDONLY)),
  reopen: async (path) => new NodeFile(await open(path, constants.O_RDWR)),
  rename,
  remove: (path) => rm(path, { force: true }),
  hold: holdFolder,
};

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(buffers: readonly Buffer[], position: number): Promise<number> {
    const { bytesWritten } = await this.#handle.writev(buffers, position);
    return bytesWritten;
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        filled,
        buffer.length - filled,
        position + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  async size(): Promise<number> {
    const { size } = await this.#handle.stat();
    return size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Without the option `recursive` of `mkdir`, which never ends for a path below `/proc`. */
async function createFolder(dir: string): Promise<void> {
  const path = resolve(dir);
  if (await isFolder(path)) return;
  await createFolder(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have created the folder meanwhile.
    if (!(await isFolder(path))) throw error;
  }
  // A folder survives a power cut once the folder above it is on the disk.
  await syncFolder(dirname(path));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
