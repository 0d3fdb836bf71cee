import { existsSync, renameSync } from "node:fs";
import type { Pull } from "zeromq";
import type { Clock, Timer } from "../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Endpoint } from "../../zeromq/endpoint.js";

export interface IpcDoorOptions {
  readonly endpoint: Endpoint;
  readonly socket: Pull;
  /** True if this process has file descriptors for further publishers. */
  readonly mayAccept: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The time between two attempts to open a closed door, in milliseconds. Publishers try to connect every 100 ms. */
const retryMs = 250;

const warnEveryMs = 10_000;

/**
 * Closes a bound `ipc` endpoint while this process has few free file descriptors: renames the file of the socket, so
 * that publishers cannot connect, and try again later. Without a free descriptor for a publisher, libzmq would end the
 * process [4.3.5, ipc_listener.cpp]. An unbind instead would run in another thread, and a receive at the same time can
 * end the process, too. Publishers on `tcp` endpoints need no door, because libzmq then only waits.
 */
export class IpcDoor {
  readonly #options: IpcDoorOptions;
  readonly #path: string;
  readonly #warn: LimitedLog;
  #retry: Timer | undefined;

  /** Returns undefined if the endpoint has no file. Call this method after the socket is bound. */
  static watch(options: IpcDoorOptions): IpcDoor | undefined {
    const { mode, transport, address } = options.endpoint;
    const path = address.slice("ipc://".length);
    // A path that begins with @ is a name without a file.
    if (mode !== "bind" || transport !== "ipc" || path.startsWith("@")) return undefined;
    return new IpcDoor(options, path);
  }

  private constructor(options: IpcDoorOptions, path: string) {
    this.#options = options;
    this.#path = path;
    this.#warn = limitedLog({ ...options, periodMs: warnEveryMs });
    options.socket.events.on("accept", () => this.#look());
  }

  /** Opens the door for good. Call this method before the socket is closed, so that the file has its name again. */
  end(): void {
    this.#retry?.cancel();
    if (this.#retry !== undefined) this.#rename(this.#hiddenPath, this.#path);
  }

  get #hiddenPath(): string {
    return `${this.#path}.full`;
  }

  #look(): void {
    const { mayAccept, clock, endpoint } = this.#options;
    if (this.#retry !== undefined || mayAccept()) return;
    this.#warn(
      { address: endpoint.address },
      "publishers must wait: this process has too few free file descriptors; raise the limit of open files (ulimit -n, LimitNOFILE)",
    );
    this.#rename(this.#path, this.#hiddenPath);
    this.#retry = clock.every(retryMs, () => this.#tryToOpen());
  }

  #tryToOpen(): void {
    if (!this.#options.mayAccept()) return;
    this.end();
    this.#retry = undefined;
  }

  #rename(from: string, to: string): void {
    try {
      // Another program may have bound the path meanwhile.
      if (!existsSync(to) || to === this.#hiddenPath) renameSync(from, to);
    } catch (error) {
      this.#options.logger.warn({ error }, "the file of an ipc endpoint could not be renamed");
    }
  }
}
