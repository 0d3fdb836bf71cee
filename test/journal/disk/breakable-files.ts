import type { DiskFile, DiskFiles } from "../../../src/journal/disk/files/files.js";
import { nodeFiles } from "../../../src/journal/disk/files/node-files.js";
import type { Breakage } from "../log/log-site.js";

/** The file system of the machine, with a disk that can be full or fail. A full disk takes half of each write. */
export class BreakableFiles implements DiskFiles {
  breakage: Breakage | undefined;
  /** The number of writes so far. */
  writes = 0;

  createFolder(dir: string): Promise<void> {
    return nodeFiles.createFolder(dir);
  }

  syncFolder(dir: string): Promise<void> {
    return nodeFiles.syncFolder(dir);
  }

  list(dir: string): Promise<string[]> {
    return nodeFiles.list(dir);
  }

  open(path: string): Promise<DiskFile> {
    return nodeFiles.open(path);
  }

  rename(from: string, to: string): Promise<void> {
    return nodeFiles.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return nodeFiles.remove(path);
  }

  hold(dir: string): ReturnType<DiskFiles["hold"]> {
    return nodeFiles.hold(dir);
  }

  async create(path: string): Promise<DiskFile> {
    return this.#breakable(await nodeFiles.create(path));
  }

  async reopen(path: string): Promise<DiskFile> {
    return this.#breakable(await nodeFiles.reopen(path));
  }

  #breakable(file: DiskFile): DiskFile {
    return {
      read: (buffer, position) => file.read(buffer, position),
      sync: () => file.sync(),
      size: () => file.size(),
      close: () => file.close(),
      write: (buffers, position) => this.#write(file, buffers, position),
    };
  }

  #write(file: DiskFile, buffers: readonly Buffer[], position: number): Promise<number> {
    this.writes += 1;
    if (this.breakage === "unreachable")
      return Promise.reject(Object.assign(new Error("bad disk"), { code: "EIO" }));
    if (this.breakage !== "full") return file.write(buffers, position);
    const bytes = Buffer.concat(buffers);
    return file.write([bytes.subarray(0, Math.floor(bytes.length / 2))], position);
  }
}
