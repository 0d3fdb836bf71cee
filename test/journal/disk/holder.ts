import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { onTestFinished } from "vitest";
import { before } from "../../support/wait-for.js";

/** The program of a holder without types, so that a process starts in 50 ms. */
export function compiledHolder(folder: string): string {
  return compiledProgram(folder, "folder-holder");
}

/** A program of this folder without types. */
export function compiledProgram(folder: string, name: string): string {
  const outfile = join(folder, `${name}.mjs`);
  const entry = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
}

/** A process that holds a folder. It ends with the test. */
export class Holder {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;

  private constructor(program: string, wrapper: readonly string[]) {
    const [command, ...args] = [...wrapper, process.execPath, program];
    this.#process = spawn(command, args, { stdio: "pipe" });
    this.#lines = createInterface({ input: this.#process.stdout });
    onTestFinished(() => this.kill());
  }

  /** @param wrapper a command that runs the process, such as `unshare`; by default none */
  static async start(program: string, wrapper: readonly string[] = []): Promise<Holder> {
    const holder = new Holder(program, wrapper);
    await holder.#answer();
    return holder;
  }

  /** Resolves with `held`, or with the reason of the refusal. */
  async hold(dir: string, atMs: number): Promise<string> {
    this.#process.stdin.write(`${dir}\t${atMs}\n`);
    return this.#answer();
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #answer(): Promise<string> {
    const line = once(this.#lines, "line");
    const [answer] = await before(line, {
      within: 60_000,
      missing: "a process that holds a folder is silent",
    });
    return String(answer);
  }
}
