import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";

import type { Clock } from "../base/clock.js";
import { messageOf, PharosError } from "../base/errors.js";
import type { LineOutput } from "./line-output.js";

/** Without `O_NONBLOCK`, opening a named pipe without a reader would wait for ever. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** The file may show which topics a client follows. */
const mode = 0o640;

/** How often the file is compared with its path, in milliseconds. */
const lookEveryMs = 1000;

/**
 * Appends lines to a file. If the file has been renamed or removed, as logrotate does, opens the path again within a
 * second. Several processes may append to one file: the system writes the lines of one write together.
 */
export class FileOutput implements LineOutput {
  readonly mostBytes = 64 * 1024;
  readonly #file: string;
  readonly #clock: Clock;
  #handle: FileHandle | undefined;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** True if the file ends in the middle of a line. */
  #isMidway = false;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Checks that the file can be opened, and creates it if it does not exist.
   *
   * @throws PharosError `bad-config` if the file cannot be opened, or is not a regular file
   */
  check(): void {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.#file, flags, mode);
      checkKind(fstatSync(descriptor), this.#file);
    } catch (cause) {
      if (cause instanceof PharosError) throw cause;
      throw cannotOpen(this.#file, cause);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  async write(lines: Buffer): Promise<void> {
    const handle = await this.#current();
    let rest = this.#isMidway ? Buffer.concat([lineBreak, lines]) : lines;
    while (rest.length > 0) {
      const { bytesWritten } = await handle.write(rest);
      rest = rest.subarray(bytesWritten);
      this.#isMidway = rest.length > 0;
    }
  }

  reopen(): void {
    this.#lookAtMs = Number.NEGATIVE_INFINITY;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** The open file at the path. */
  async #current(): Promise<FileHandle> {
    const nowMs = this.#clock.monotonic();
    if (this.#handle !== undefined && nowMs < this.#lookAtMs) return this.#handle;
    this.#lookAtMs = nowMs + lookEveryMs;
    if (this.#handle !== undefined && (await isAt(this.#handle, this.#file))) return this.#handle;
    // First: while the path cannot be opened, no line may go to a file that the path does not name.
    await this.close();
    const opened = await openChecked(this.#file);
    this.#handle = opened;
    this.#isMidway = false;
    return opened;
  }
}

const lineBreak = Buffer.from("\n");

async function openChecked(file: string): Promise<FileHandle> {
  const handle = await open(file, flags, mode);
  try {
    checkKind(await handle.stat(), file);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** True if the path still names the open file. */
async function isAt(handle: FileHandle, file: string): Promise<boolean> {
  const [own, named] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)]);
  return named !== undefined && own.ino === named.ino && own.dev === named.dev;
}

function checkKind(stats: Stats, file: string): void {
  if (!stats.isFile()) throw cannotOpen(file, new Error("it is not a regular file"));
}

function cannotOpen(file: string, cause: unknown): PharosError {
  const allowed = "allowed is a regular file that this user may write, or - for standard output";
  return new PharosError("bad-config", `--access-log: cannot open ${file}: ${messageOf(cause)}; ${allowed}`, {
    cause,
  });
}
