import { execFile } from "node:child_process";
import { mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OnEnd } from "../../support/on-end.js";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

/** A file system in memory of a few mebibytes, which a test can fill. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Mounts the file system. Resolves with undefined if this user may not mount. */
  static async mount(mebibytes: number, onEnd: OnEnd): Promise<SmallDisk | undefined> {
    const folder = await mkdtemp(join(tmpdir(), "pharos-disk-"));
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "tmpfs", folder]);
    } catch {
      await rmdir(folder);
      return undefined;
    }
    onEnd(async () => {
      await run("umount", [folder]);
      await rmdir(folder);
    });
    return new SmallDisk(folder);
  }

  /** Fills the rest of the disk. */
  async fill(): Promise<void> {
    for (const bytes of [mebibyte, 4096])
      try {
        for (;;) await writeFile(this.#filler, Buffer.alloc(bytes), { flag: "a" });
      } catch {
        // The next piece is smaller, so that no space is left.
      }
  }

  async clear(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  get #filler(): string {
    return join(this.folder, "filler");
  }
}
