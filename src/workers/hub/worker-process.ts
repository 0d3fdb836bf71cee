import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { HandedOver, WorkerSettings } from "../wire/settings.js";

export interface WorkerProcessOptions {
  /** The program to run. */
  readonly entry: string;
  readonly settings: WorkerSettings;
  /** The process has ended, or could not be started. Called once. */
  readonly ended: (how: string) => void;
}

/** The process of one worker: it gets its settings and connections over Node's own channel, and ends with the hub. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #end: Promise<void>;

  constructor({ entry, settings, ended }: WorkerProcessOptions) {
    // Its log lines go where the hub's go; its standard output is nobody's.
    this.#child = fork(entry, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#end = new Promise((resolve) => {
      const end = (how: string): void => {
        resolve();
        ended(how);
      };
      this.#child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
      this.#child.once("error", (error) => end(error.message));
    });
    this.#child.send(settings, ignore);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Gives the connection away: this process holds it no longer. `failed` is called when the worker cannot take it. */
  handOver(handed: HandedOver, socket: Socket, failed: () => void): void {
    if (!this.#child.connected) {
      failed();
      return;
    }
    this.#child.send(handed, socket, { keepOpen: false }, (error) => {
      if (error !== null) failed();
    });
  }

  /** Resolves when the process has ended. */
  whenEnded(): Promise<void> {
    return this.#end;
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** A process that cannot be spoken to has ended, of which its end tells. */
function ignore(): void {}
