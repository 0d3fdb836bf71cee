import { startChild, type Child } from "./ipc.js";
import type { OnEnd } from "./on-end.js";
import type { ProducerProtocol, ProducerSpec, Production } from "./producer-protocol.js";
import { before } from "./wait-for.js";

export type { Pace, ProducedTopic, ProducerSpec, Production } from "./producer-protocol.js";

/** A child process that publishes over ZeroMQ. Load clients check the payloads. */
export class Producer {
  readonly #child: Child<ProducerProtocol>;

  constructor(child: Child<ProducerProtocol>) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The state of the producer now. */
  async state(): Promise<Production> {
    return this.#child.call("state", null);
  }

  /**
   * Waits until the producer has passed the last publication to ZeroMQ. The process continues, so that its socket
   * delivers the remaining messages.
   */
  async done(options: { readonly within: number }): Promise<Production> {
    return before(this.#child.call("done", null), {
      within: options.within,
      missing: "the producer has not sent all of its count: the hub does not take it",
    });
  }

  /**
   * Stops the producer and returns its state. If a send was waiting, its publication may or may not reach the hub. This
   * publication has the last number, so tests should wait for the number before it.
   */
  async stop(): Promise<Production> {
    return this.#child.call("stop", null);
  }

  /** Ends the process at once. Messages in its socket are lost. */
  async close(): Promise<void> {
    await this.#child.close();
  }
}

/** Starts a producer. The producer ends with the test. Rejects if the producer cannot bind or connect the endpoint. */
export async function startProducer(
  spec: ProducerSpec,
  options: { readonly onEnd?: OnEnd } = {},
): Promise<Producer> {
  const entry = new URL("./producer-worker.ts", import.meta.url);
  const child = startChild<ProducerProtocol>({ entry, ...options });
  await child.call("start", spec);
  return new Producer(child);
}

/**
 * The lowest of the last numbers of all streams. A client that has reached this number in every stream has received
 * everything.
 */
export function lastSequence(production: Production): number {
  return Math.min(...production.last.values());
}
