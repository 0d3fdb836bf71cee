import { spawn, type ChildProcess } from "node:child_process";
import { Changes } from "../../../test/support/wait-for.js";
import type { Child } from "./candidate.js";
import { familyOf } from "../machine/processes.js";

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const stopWithinMs = 10_000;
const logBytes = 16_384;

/** A server as a child process; it ends with this process, whatever becomes of that. */
export class ServerChild implements Child {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #changes = new Changes();
  readonly #atExit = (): void => this.#killFamily();
  #stdout = "";
  #log = "";
  #ended: string | undefined;

  constructor(spec: ChildSpec) {
    this.name = spec.name;
    // The kernel ends it with its parent; one that is killed runs no clean-up.
    this.#child = spawn("setpriv", ["--pdeathsig", "TERM", spec.command, ...spec.args], {
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      env: { ...process.env, ...spec.env },
      // An open standard input: those that are ours end with it.
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-logBytes);
      this.#noted(text);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#noted(text));
    this.#child.on("error", (error) => this.#over(error.message));
    this.#child.on("close", (code, signal) => this.#over(signal ?? `code ${code}`));
    process.once("exit", this.#atExit);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it ended; `undefined` while it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** The end of what it has said, for messages. */
  get log(): string {
    return this.#log.slice(-1500) || "nothing";
  }

  /** It and the processes that it has started. */
  pids(): readonly number[] {
    return this.#ended === undefined ? familyOf(this.pid) : [];
  }

  /** Until its standard output matches. Rejects with its log when it ends before. */
  async waitForOutput(pattern: RegExp, within = 30_000): Promise<RegExpExecArray> {
    await this.#changes.until(() => pattern.test(this.#stdout) || this.#ended !== undefined, {
      within,
      missing: () => `${this.name} has not said ${String(pattern)}, but ${this.log}`,
    });
    const match = pattern.exec(this.#stdout);
    if (match === null) throw new Error(`${this.name} ended (${this.#ended}) at its start: ${this.log}`);
    return match;
  }

  /** Until it has logged what matches, on either output. Rejects when it ends before. */
  async waitForLog(pattern: RegExp, within = 30_000): Promise<void> {
    await this.#changes.until(() => pattern.test(this.#log) || this.#ended !== undefined, {
      within,
      missing: () => `${this.name} has not logged ${String(pattern)}, but ${this.log}`,
    });
    if (this.#ended !== undefined) throw new Error(`${this.name} ended (${this.#ended}): ${this.log}`);
  }

  /** Ends it in order, and after ten seconds without; also what it has started. Safe to call twice. */
  async stop(): Promise<void> {
    const family = this.pids();
    if (this.#ended === undefined) this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#killFamily(), stopWithinMs);
    await this.#changes.until(() => this.#ended !== undefined, {
      within: 2 * stopWithinMs,
      missing: `${this.name} does not end`,
    });
    clearTimeout(late);
    for (const pid of family.slice(1)) kill(pid);
    process.off("exit", this.#atExit);
  }

  #killFamily(): void {
    for (const pid of this.pids()) kill(pid);
  }

  #noted(text: string): void {
    this.#log = (this.#log + text).slice(-logBytes);
    this.#changes.changed();
  }

  #over(how: string): void {
    this.#ended ??= how;
    this.#changes.changed();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
