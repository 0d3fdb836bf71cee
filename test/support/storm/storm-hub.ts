import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { childrenOf } from "../children.js";
import { freePort } from "../free-port.js";
import { startHub } from "../hub-process.js";
import type { HubOptions, HubProcess } from "../hub-process.js";
import { untilNothingHeld } from "../nothing-held.js";
import { atTestEnd } from "../on-end.js";
import { hubUrl, issuer, secret } from "../token.js";

const within = 60_000;
/** The clients keep idle connections for further requests, until the hub closes it after 72 s. */
const restWithin = 100_000;

/** A hub that is started again at the same addresses whenever it has ended. */
export class StormHub {
  readonly #options: HubOptions;
  /** The process ids of all runs. */
  readonly #pids: number[] = [];
  #process: HubProcess;

  private constructor(options: HubOptions, process: HubProcess) {
    this.#options = {
      ...options,
      scratch: process.scratch,
      ingest: [`@ipc://${join(process.scratch, "ingest")}`],
    };
    this.#process = process;
    this.#pids.push(process.pid);
  }

  static async start(options: HubOptions): Promise<StormHub> {
    const env = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };
    const fixed = { http: `127.0.0.1:${await freePort()}`, admin: "127.0.0.1:0", ...options };
    const all = { ...fixed, env: { ...env, ...options.env } };
    return new StormHub(all, await startHub({ ...all, onEnd: atTestEnd }));
  }

  get port(): number {
    return this.#process.httpPort;
  }

  get ingest(): string {
    return this.#process.ingest;
  }

  get process(): HubProcess {
    return this.#process;
  }

  get workers(): readonly number[] {
    return childrenOf(this.#process.pid);
  }

  /** Ends the hub with this signal, and starts a new one a moment later. */
  async restart(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#process.signal(signal);
    await this.#process.waitForExit({ within });
    await delay(200);
    this.#process = await startHub({ ...this.#options, onEnd: atTestEnd });
    this.#pids.push(this.#process.pid);
  }

  /** Stops the hub for some time, as a busy machine does. */
  async pause(ms: number): Promise<void> {
    this.#process.signal("SIGSTOP");
    await delay(ms);
    this.#process.signal("SIGCONT");
  }

  /** Waits until nothing is held for clients any more. */
  async untilAtRest(): Promise<void> {
    await untilNothingHeld(this.#process, { within: restWithin });
  }

  /** Stops the hub. Returns what its runs have left behind. */
  async end(): Promise<readonly string[]> {
    const { pid } = this.#process;
    const { code, signal } = await this.#process.stop({ within });
    const folders = readdirSync(tmpdir()).filter((name) =>
      this.#pids.some((each) => name.startsWith(`pharos-workers-${each}-`)),
    );
    const processes = childrenOf(pid).map((each) => `the process ${each}`);
    return [...folders, ...processes, ...(code === 0 ? [] : [`the exit code ${code ?? signal ?? "?"}`])];
  }
}
