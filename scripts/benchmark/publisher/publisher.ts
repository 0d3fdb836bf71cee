import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { before } from "../../../test/support/wait-for.js";
import { benchmarkDir } from "../machine/paths.js";
import type { PublisherProtocol } from "./protocol.js";

type Kind = keyof PublisherProtocol;
const timeoutMs = 60_000;

/** A separate process that publishes, so that no other work delays the publications. Send one request at a time. */
export class Publisher {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];

  constructor() {
    this.#child = fork(join(benchmarkDir, "publisher", "main.ts"), { execArgv: ["--import", "tsx"] });
    this.#child.on("message", (message: { readonly value?: unknown; readonly error?: string }) => {
      const call = this.#waiting.shift();
      if (message.error === undefined) call?.resolve(message.value);
      else call?.reject(new Error(message.error));
    });
    this.#child.on("exit", (code) => {
      for (const call of this.#waiting.splice(0))
        call.reject(new Error(`the publisher ended with code ${code}`));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Sends a request and returns the answer. Rejects with the publisher's error, or if the process ends or does not
   * answer within a minute.
   */
  async call<K extends Kind>(
    kind: K,
    ask: PublisherProtocol[K]["ask"],
  ): Promise<PublisherProtocol[K]["answer"]> {
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#child.send({ kind, ask });
    const value = await before(answer, {
      within: timeoutMs,
      missing: `the publisher does not answer the request "${kind}"`,
    });
    // The value has this type, because both processes use the same version of the protocol.
    return value as PublisherProtocol[K]["answer"];
  }

  /** Ends the process; unsent publications are lost. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await exited;
  }
}
