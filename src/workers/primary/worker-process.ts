import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { HandedOver, WorkerSettings } from "../ipc/settings.js";

export interface WorkerProcessOptions {
  /** The program to run. */
  readonly entry: string;
  readonly settings: WorkerSettings;
  /** The process has ended, or could not be started. */
  readonly ended: (how: string) => void;
}

/** The process of one worker: it gets its settings and connections over Node's own channel, and ends with the hub. */
export class WorkerProcess {
  readonly #child: ChildProcess;

  /** Throws what Node does where a process cannot even be tried, as with no memory left; `ended` is not called then. */
  constructor({ entry, settings, ended }: WorkerProcessOptions) {
    // Its log lines go where the hub's go; its standard output is nobody's.
    const child = fork(entry, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child = child;
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    child.on("error", (error) => {
      // One that could not be started never exits. Any other error leaves it running, or its exit follows.
      if (child.pid === undefined) ended(error.message);
    });
    // With no descriptor left Node returns a child without a channel, that is without `send`.
    if (child.connected) child.send(settings, ignore);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False as soon as its channel is closed, which may be heard before its end is. */
  get isConnected(): boolean {
    return this.#child.connected;
  }

  /**
   * Sends it a descriptor of the connection; this process's own stays open, so that it can go elsewhere when that
   * fails. `sent` is called when the kernel has it, with an error when it cannot be sent, and never when the process
   * ends before its turn has come.
   */
  handOver(handed: HandedOver, socket: Socket, sent: (error: Error | null) => void): void {
    this.#child.send(handed, socket, { keepOpen: true }, sent);
  }

  /** Ends it at once. */
  kill(): void {
    // One that could not be started has the pid 0 in libuv: the signal would go to the hub's whole group.
    if (this.#child.pid !== undefined) this.#child.kill("SIGKILL");
  }
}

/** A process that cannot be spoken to has ended, of which its end tells. */
function ignore(): void {}
