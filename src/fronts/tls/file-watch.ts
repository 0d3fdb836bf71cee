import { statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Clock, Timer } from "../../base/clock.js";

/**
 * The time between two looks at the files, in milliseconds. A look at two files needs 0.1 ms. A look finds every kind of
 * change: written files, files replaced by a rename, and symbolic links that point elsewhere, also links of folders
 * above the file (Kubernetes, certbot). Notifications of the kernel miss some of these changes, and all changes on a
 * network file system.
 */
const lookEveryMs = 2000;

export interface FileWatchOptions {
  readonly files: readonly string[];
  readonly clock: Clock;
  /** Called when a file has changed and no file has changed since the last look, because files change one by one. */
  readonly changed: () => void;
}

/** Watches files for changes. Read the files after the constructor, so that no change is missed. */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #timer: Timer;
  #looking: Promise<void> | undefined;
  /** The state of the files when `changed` was last called. */
  #known: string;
  #last: string;

  constructor(options: FileWatchOptions) {
    const { files, clock } = options;
    this.#options = options;
    this.#known = files
      .map((file) => textOf(statSync(file, { bigint: true, throwIfNoEntry: false })))
      .join("\n");
    this.#last = this.#known;
    this.#timer = clock.every(lookEveryMs, () => void this.look());
  }

  /** Looks at the files, unless a look runs. The watch calls this method itself. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Resolves when no look runs. Safe to call twice. */
  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { files, changed } = this.#options;
    const states = await Promise.all(
      files.map((file) => stat(file, { bigint: true }).catch(() => undefined)),
    );
    const now = states.map((state) => textOf(state)).join("\n");
    const isStable = now === this.#last;
    this.#last = now;
    if (!isStable || now === this.#known) return;
    this.#known = now;
    changed();
  }
}

function textOf(state: BigIntStats | undefined): string {
  if (state === undefined) return "missing";
  const { dev, ino, size, mtimeNs, ctimeNs } = state;
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}
