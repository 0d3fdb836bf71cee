import { spawn, type ChildProcess } from "node:child_process";
import { Changes } from "../../../test/support/wait-for.js";
import { processTree } from "../machine/processes.js";
import type { ServerProcess } from "./candidate.js";

export interface SpawnSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const stopWithinMs = 10_000;
const logBytes = 16_384;

/** A server as a child process. The child process ends with this process, even if this process is killed. */
export class SpawnedServer implements ServerProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  readonly #atExit = (): void => this.#killTree();
  #stdout = "";
  #log = "";
  #ended: string | undefined;

  constructor(spec: SpawnSpec) {
    this.name = spec.name;
    // If this process is killed, it runs no clean-up. With setpriv, the kernel then sends SIGTERM to the child process.
    this.#child = spawn("setpriv", ["--pdeathsig", "TERM", spec.command, ...spec.args], {
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      env: { ...process.env, ...spec.env },
      // The benchmark's own servers end when their standard input closes.
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-logBytes);
      this.#appendLog(text);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#appendLog(text));
    this.#child.on("error", (error) => this.#end(error.message));
    this.#child.on("close", (code, signal) => this.#end(signal ?? `code ${code}`));
    process.once("exit", this.#atExit);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The exit code or signal with which the server ended; `undefined` while the server runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** The last part of standard output and standard error, for error messages. */
  get log(): string {
    return this.#log.slice(-1500) || "nothing";
  }

  pids(): readonly number[] {
    return this.#ended === undefined ? processTree(this.pid) : [];
  }

  /** Waits until standard output matches. Rejects with the log if the server ends first. */
  async waitForOutput(pattern: RegExp, within = 30_000): Promise<RegExpExecArray> {
    await this.#changes.until(() => pattern.test(this.#stdout) || this.#ended !== undefined, {
      within,
      missing: () => `${this.name} did not print ${String(pattern)}; its log: ${this.log}`,
    });
    const match = pattern.exec(this.#stdout);
    if (match === null) throw new Error(`${this.name} ended at its start (${this.#ended}): ${this.log}`);
    return match;
  }

  /** Waits until standard output or standard error matches. Rejects if the server ends first. */
  async waitForLog(pattern: RegExp, within = 30_000): Promise<void> {
    await this.#changes.until(() => pattern.test(this.#log) || this.#ended !== undefined, {
      within,
      missing: () => `${this.name} did not log ${String(pattern)}; its log: ${this.log}`,
    });
    if (this.#ended !== undefined) throw new Error(`${this.name} ended (${this.#ended}): ${this.log}`);
  }

  /** Sends SIGTERM. After ten seconds, sends SIGKILL to the process and its descendants. Safe to call twice. */
  async stop(): Promise<void> {
    const tree = this.pids();
    if (this.#ended === undefined) this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#killTree(), stopWithinMs);
    await this.#changes.until(() => this.#ended !== undefined, {
      within: 2 * stopWithinMs,
      missing: `${this.name} does not end`,
    });
    clearTimeout(late);
    for (const pid of tree.slice(1)) kill(pid);
    process.off("exit", this.#atExit);
  }

  #killTree(): void {
    for (const pid of this.pids()) kill(pid);
  }

  #appendLog(text: string): void {
    this.#log = (this.#log + text).slice(-logBytes);
    this.#changes.changed();
  }

  #end(how: string): void {
    this.#ended ??= how;
    this.#changes.changed();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended.
  }
}
