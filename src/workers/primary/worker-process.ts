import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { HandedOver, WorkerSettings } from "../ipc/settings.js";

export interface WorkerProcessOptions {
  /** The program of the worker. */
  readonly entry: string;
  readonly settings: WorkerSettings;
  /** Called when the process has ended, or could not be started. */
  readonly ended: (how: string) => void;
}

/**
 * The process of one worker. The process gets its settings and connections over Node's own channel, and ends when the
 * hub ends.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;

  /**
   * Throws Node's error if Node cannot even try to start the process, for example without memory. In this case, the
   * class does not call `ended`.
   */
  constructor({ entry, settings, ended }: WorkerProcessOptions) {
    // The worker writes its log lines to the same place as the hub. The worker's standard output is discarded, unless it
    // is the access log.
    const stdout = settings.accessLog === "-" ? "inherit" : "ignore";
    const child = fork(entry, [], { stdio: ["ignore", stdout, "inherit", "ipc"] });
    this.#child = child;
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    child.on("error", (error) => {
      // A process that could not be started never emits `exit`. After any other error, the process still runs, or
      // `exit` follows.
      if (child.pid === undefined) ended(error.message);
    });
    // Without free descriptors, Node returns a child without a channel, and so without `send`.
    if (child.connected) child.send(settings, ignore);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False as soon as the channel is closed, possibly before `ended` is called. */
  get isConnected(): boolean {
    return this.#child.connected;
  }

  /**
   * Sends a descriptor of the connection. This process's own descriptor stays open, so that another worker can get the
   * connection if the call fails. The class calls `sent` when the kernel has the descriptor, or with an error. The
   * class does not call `sent` if the process ends first.
   */
  handOver(handed: HandedOver, socket: Socket, sent: (error: Error | null) => void): void {
    this.#child.send(handed, socket, { keepOpen: true }, sent);
  }

  /** Kills the process. */
  kill(): void {
    // A process that could not be started has the pid 0 in libuv. With this pid, the signal would go to the hub's whole
    // process group.
    if (this.#child.pid !== undefined) this.#child.kill("SIGKILL");
  }
}

/** If sending fails, the process has ended, and `ended` is called. */
function ignore(): void {}
