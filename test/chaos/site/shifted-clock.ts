import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The clock of a process, which a test can set while the process runs. */
export class ShiftedClock {
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  private constructor(library: string, file: string) {
    this.#file = file;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /**
   * A clock that shows the machine's time. Resolves with undefined if this machine has no libfaketime.
   *
   * @param folder an existing folder for the clock's file
   */
  static async create(folder: string): Promise<ShiftedClock | undefined> {
    const library = await findLibrary();
    if (library === undefined) return undefined;
    const clock = new ShiftedClock(library, join(folder, "clock"));
    await clock.shift(0);
    return clock;
  }

  /** Sets the clock. The process notices it within a second. */
  async shift(seconds: number): Promise<void> {
    await writeFile(this.#file, `${seconds < 0 ? "" : "+"}${seconds}`);
  }
}

/** Debian has the library in a folder for the architecture. */
async function findLibrary(): Promise<string | undefined> {
  const folders = await readdir("/usr/lib");
  for (const folder of folders) {
    const names = await readdir(join("/usr/lib", folder, "faketime")).catch(() => []);
    const name = names.find((each) => each.startsWith("libfaketimeMT"));
    if (name !== undefined) return join("/usr/lib", folder, "faketime", name);
  }
  return undefined;
}
