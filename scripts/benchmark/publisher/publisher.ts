import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { before } from "../../../test/support/wait-for.js";
import { benchmarkDir } from "../machine/paths.js";
import type { PublisherProtocol } from "./protocol.js";

type Kind = keyof PublisherProtocol;
const patienceMs = 60_000;

/** A process that publishes, so that its pace does not depend on anything else. Ask it one thing at a time. */
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

  /** Rejects with what the publisher met, when it ends, or when it does not answer within a minute. */
  async call<K extends Kind>(
    kind: K,
    ask: PublisherProtocol[K]["ask"],
  ): Promise<PublisherProtocol[K]["answer"]> {
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#child.send({ kind, ask });
    const value = await before(answer, {
      within: patienceMs,
      missing: `the publisher does not answer to ${kind}`,
    });
    // It is compiled from the same protocol.
    return value as PublisherProtocol[K]["answer"];
  }

  /** Ends it; what lies in its socket is lost. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}
