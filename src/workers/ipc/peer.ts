import { Pair } from "zeromq";
import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { hasBody } from "./messages.js";
import type { ToHub, ToWorker } from "./messages.js";

/** One end of the way between the hub and a worker. */
export interface Peer<Out> {
  /** Sends at the end of this turn, in order; nobody changes `body` any more. */
  send(message: Out, body?: Buffer): void;
}

export interface ZeroMqPeerOptions<In> {
  readonly clock: Clock;
  /** Called for each message in order; `body` is empty for those without one. */
  readonly take: (message: In, body: Buffer) => void;
  /** The way is broken: nothing comes or goes any more. Not called after `close`. */
  readonly broken: (error: unknown) => void;
}

/**
 * Between two ZeroMQ messages, in milliseconds: each wakes the other process, at some 0.2 ms where all cores are busy.
 * While 10,000 streams opened one by one, that was half of the hub's time.
 */
const pauseMs = 4;

/** How long a process that ends waits for its last words to be taken, in milliseconds. */
const lastWordsMs = 500;

/** Looking at the clock after each would cost more than many of them. */
const messagesPerLook = 8;

const nothing = Buffer.alloc(0);

/**
 * Both directions of a ZeroMQ pair. What one turn of the event loop has to say is one ZeroMQ message: a frame of JSON
 * for all that was said, and a frame for each body. The queues have no limit of their own, since everything that is
 * said has one: batches wait to be taken, pages are asked for, requests belong to connections.
 */
export class ZeroMqPeer<Out extends ToHub | ToWorker, In extends ToHub | ToWorker> implements Peer<Out> {
  readonly #socket = new Pair({
    linger: 0,
    sendTimeout: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
  });
  readonly #options: ZeroMqPeerOptions<In>;
  #messages: Out[] = [];
  #bodies: Buffer[] = [];
  readonly #budget: TurnBudget;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: ZeroMqPeerOptions<In>) {
    this.#options = options;
    this.#budget = new TurnBudget(options.clock);
  }

  /** The hub's end. Rejects when the address cannot be bound. */
  async bind(address: string): Promise<void> {
    await this.#socket.bind(address);
    void this.#read();
  }

  /** The worker's end: what it says last, before its process ends, still goes out. */
  connect(address: string): void {
    this.#socket.linger = lastWordsMs;
    this.#socket.connect(address);
    void this.#read();
  }

  send(message: Out, body?: Buffer): void {
    if (this.#messages.length === 0) this.#flushSoon();
    this.#messages.push(message);
    if (hasBody(message)) this.#bodies.push(body ?? nothing);
  }

  /** Sends what is still to be sent, and closes. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#socket.close();
  }

  /** At the end of this turn; when much is said, not more often than the pause allows. */
  #flushSoon(): void {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#flushedMs >= pauseMs) clock.endOfTurn(() => this.#flush());
    else clock.after(pauseMs, () => this.#flush());
  }

  #flush(): void {
    if (this.#closed || this.#messages.length === 0) return;
    this.#flushedMs = this.#options.clock.monotonic();
    const frames = [JSON.stringify(this.#messages), ...this.#bodies];
    this.#messages = [];
    this.#bodies = [];
    // Without a limit and with no time to wait, a send is over when this returns.
    this.#socket.send(frames).catch((error: unknown) => this.#break(error));
  }

  async #read(): Promise<void> {
    try {
      for await (const [text = nothing, ...bodies] of this.#socket)
        await this.#takeAll(parseMessages(text) as readonly In[], bodies);
    } catch (error) {
      this.#break(error);
    }
  }

  /** In several turns: one ZeroMQ message may bring thousands of requests, and a receive that finds one stays in the turn. */
  async #takeAll(messages: readonly In[], bodies: Buffer[]): Promise<void> {
    let next = 0;
    for (const [index, message] of messages.entries()) {
      const pause = index % messagesPerLook === 0 ? this.#budget.pauseIfUsedUp() : undefined;
      if (pause !== undefined) await pause;
      this.#options.take(message, hasBody(message) ? (bodies[next++] ?? nothing) : nothing);
    }
  }

  #break(error: unknown): void {
    if (!this.#closed) this.#options.broken(error);
  }
}

/** The other end is of the same program: one of the two has started the other. */
function parseMessages(text: Buffer): readonly (ToHub | ToWorker)[] {
  return JSON.parse(text.toString()) as readonly (ToHub | ToWorker)[];
}
