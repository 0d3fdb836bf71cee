import { startChild, type Child } from "./ipc.js";
import type { OnEnd } from "./on-end.js";
import type { ProducerProtocol, ProducerSpec, Production } from "./producer-protocol.js";
import { before } from "./wait-for.js";

export type { Pace, ProducedTopic, ProducerSpec, Production } from "./producer-protocol.js";

/** A child process that pushes publications over ZeroMQ; the payloads are those that load clients check. */
export class Producer {
  readonly #child: Child<ProducerProtocol>;

  constructor(child: Child<ProducerProtocol>) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has done up to now. */
  async state(): Promise<Production> {
    return this.#child.call("state", null);
  }

  /** Until its count is handed to ZeroMQ. It lives on, so that what lies in its socket is still delivered. */
  async done(options: { readonly within: number }): Promise<Production> {
    return before(this.#child.call("done", null), {
      within: options.within,
      missing: "the producer has not sent all of its count: the hub does not take it",
    });
  }

  /**
   * Stops it and tells what it has done. One send that waited may or may not still reach the hub: its number is the
   * last, so wait for the one before.
   */
  async stop(): Promise<Production> {
    return this.#child.call("stop", null);
  }

  /** Ends the process at once; what lies in its socket is lost. */
  async close(): Promise<void> {
    await this.#child.close();
  }
}

/** Starts a producer; it ends with the test. Rejects when the endpoint cannot be bound or connected. */
export async function startProducer(
  spec: ProducerSpec,
  options: { readonly onEnd?: OnEnd } = {},
): Promise<Producer> {
  const entry = new URL("./producer-worker.ts", import.meta.url);
  const child = startChild<ProducerProtocol>({ entry, ...options });
  await child.call("start", spec);
  return new Producer(child);
}

/** The lowest of the last numbers of its streams: every client that has it has everything. */
export function lastSequence(production: Production): number {
  return Math.min(...production.last.values());
}
