import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseLoadAnswer, type LoadAnswer, type LoadReport, type WaitAnswer } from "./load-answers.js";

/** The options of a command; load.c documents them. */
export type LoadOptions = Readonly<Record<string, string | number>>;

/** One process of the load generator. The process runs one command at a time, in order. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(answer: LoadAnswer): void; reject(error: Error): void }[] = [];
  #stderr = "";

  constructor(program: string) {
    this.#child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    const { stdin, stdout } = this.#child;
    if (stdout === null || stdin === null) throw new TypeError("the load process has no pipes");
    // If the process has ended, a write fails. Ignore this error, because the "close" event reports that the process
    // has ended.
    stdin.on("error", () => undefined);
    createInterface(stdout).on("line", (line) => this.#take(line));
    this.#child.on("error", (error) => this.#fail(error.message));
    this.#child.on("close", (code) =>
      this.#fail(`the load generator ended with code ${code}: ${this.#stderr}`),
    );
  }

  /** Waits until the load process answers: when the command is done, or after the command's own time-out. */
  async wait(command: "open" | "await" | "reconnect", options: LoadOptions): Promise<WaitAnswer> {
    const answer = await this.#call(command, options);
    if (answer.answer !== command) throw unexpected(answer);
    return answer;
  }

  async report(): Promise<LoadReport> {
    const answer = await this.#call("report");
    if (answer.answer !== "report") throw unexpected(answer);
    return answer;
  }

  async tell(command: "reset" | "drop"): Promise<void> {
    await this.#call(command);
  }

  /** Ends the process and all its clients. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }

  async #call(command: string, options: LoadOptions = {}): Promise<LoadAnswer> {
    const parts = [command, ...Object.entries(options).map(([key, value]) => `${key}=${value}`)];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${parts.join(" ")}\n`);
    });
  }

  #take(line: string): void {
    const call = this.#waiting.shift();
    try {
      call?.resolve(parseLoadAnswer(line));
    } catch (error) {
      call?.reject(
        new Error(`the load generator printed no answer: ${line.slice(0, 200)}`, { cause: error }),
      );
    }
  }

  #fail(reason: string): void {
    for (const call of this.#waiting.splice(0)) call.reject(new Error(reason));
  }
}

function unexpected(answer: LoadAnswer): Error {
  return new Error(`the load generator answered another command: ${answer.answer}`);
}
