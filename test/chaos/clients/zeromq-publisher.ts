import { setTimeout as delay } from "node:timers/promises";
import { Push } from "zeromq";
import type { Recorder } from "../history/recorder.js";
import type { Sent } from "../history/steps.js";
import type { CallNumbers } from "./call-numbers.js";
import { Publications } from "./publications.js";

export interface ZeromqPublisherOptions {
  readonly name: string;
  readonly topics: readonly string[];
  readonly endpoint: string;
  readonly calls: CallNumbers;
  readonly recorder: Recorder;
  readonly random: () => number;
  /** The size of most publications, in bytes. @default 200 */
  readonly mostBytes?: number;
  /** The pause after each group of messages, in milliseconds. */
  readonly pauseMs: number;
  /** Messages without a pause in between. */
  readonly perTurn: number;
}

/** A program that publishes over ZeroMQ. It gets no answer, so the outcome of each message is unknown. */
export class ZeromqPublisher {
  readonly #options: ZeromqPublisherOptions;
  readonly #publications: Publications;
  readonly #socket: Push;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  sent = 0;

  constructor(options: ZeromqPublisherOptions) {
    this.#options = options;
    this.#publications = new Publications(options);
    this.#socket = new Push({ linger: 0, sendHighWaterMark: 1000, reconnectInterval: 50 });
    this.#socket.connect(options.endpoint);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Sends no more. Messages that ZeroMQ holds may still arrive. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  close(): void {
    this.#isStopped = true;
    this.#socket.close();
  }

  /**
   * Publishes to one topic behind all earlier messages. Returns the data. The message is lost if the hub dies: then call
   * this again.
   */
  async publishOne(topic: string): Promise<string> {
    const { allowsRetained, allowsPrivate, ...shape } = plain;
    const [sent] = this.#publications.some(1, { ...shape, allowsRetained, allowsPrivate, topics: [topic] });
    if (sent !== undefined) await this.#send(sent);
    return sent?.data ?? "";
  }

  async #run(): Promise<void> {
    const { topics, pauseMs, perTurn, random } = this.#options;
    while (!this.#isStopped) {
      const shape = { ...plain, allowsRetained: true, allowsPrivate: true, topics };
      for (const sent of this.#publications.some(perTurn, shape)) await this.#send(sent);
      await delay(2 * pauseMs * random());
    }
  }

  async #send(sent: Sent): Promise<void> {
    const { name: publisher, recorder, calls } = this.#options;
    recorder.record({ kind: "called", call: calls.next(), publisher, sent: [sent] });
    const { data, topics, isPrivate, isRetained } = sent;
    const fields = JSON.stringify({ private: isPrivate, retain: isRetained });
    this.sent += 1;
    // Rejects only if the socket is closed meanwhile.
    await this.#socket.send([topics[0] ?? "", data, fields]).catch(() => undefined);
  }
}

const plain = { topicsPerPublication: 1, allowsRetained: false, allowsPrivate: false } as const;
