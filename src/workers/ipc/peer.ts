import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { libzmq } from "../../zeromq/libzmq.js";
import { hasBody } from "./messages.js";
import type { ToHub, ToWorker } from "./messages.js";

/** One end of the connection between the hub and a worker. */
export interface Peer<Out> {
  /** Sends the message at the end of this turn, in order. The caller must not change `body` afterwards. */
  send(message: Out, body?: Buffer): void;
}

export interface ZeroMqPeerOptions<In> {
  readonly clock: Clock;
  /** Called for each message, in order. `body` is empty for messages without a body. */
  readonly onMessage: (message: In, body: Buffer) => void;
  /** Called when sending or receiving fails; the connection is then lost. Not called after `close`. */
  readonly broken: (error: unknown) => void;
}

/**
 * The shortest time between two ZeroMQ messages, in milliseconds. Each message wakes the other process, which needs
 * about 0.2 ms when all cores are busy. While 10,000 streams opened one by one, these wake-ups used half of the hub's
 * CPU time.
 */
const pauseMs = 4;

/** The longest time that an ending worker waits until its last messages are sent, in milliseconds. */
const lingerMs = 500;

/** Reading the clock after each message needs more time than the handling of many messages. */
const messagesPerClockRead = 8;

const nothing = Buffer.alloc(0);

/**
 * A ZeroMQ pair in both directions. All messages of one turn of the event loop are one ZeroMQ message. The ZeroMQ
 * message has one frame of JSON for all messages, and one frame for each body. The queues need no limit: batches wait
 * until earlier batches are in a round, pages follow requests, and requests belong to connections.
 */
export class ZeroMqPeer<Out extends ToHub | ToWorker, In extends ToHub | ToWorker> implements Peer<Out> {
  readonly #socket = new (libzmq().Pair)({
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

  /** Binds the hub's end. Rejects if the address cannot be bound. */
  async bind(address: string): Promise<void> {
    await this.#socket.bind(address);
    void this.#read();
  }

  /** Connects the worker's end. The last messages of the worker are sent even while its process ends. */
  connect(address: string): void {
    this.#socket.linger = lingerMs;
    this.#socket.connect(address);
    void this.#read();
  }

  send(message: Out, body?: Buffer): void {
    if (this.#messages.length === 0) this.#flushSoon();
    this.#messages.push(message);
    if (hasBody(message)) this.#bodies.push(body ?? nothing);
  }

  /** Sends the queued messages, and closes. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#socket.close();
  }

  /** Sends at the end of this turn, or when the pause since the last message is over. */
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
    // The queue has no limit and the time-out is 0, so a send is complete when the call returns.
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

  /**
   * Handles the messages in several turns of the event loop. One ZeroMQ message may contain thousands of requests, and
   * a receive that finds a message does not end the turn.
   */
  async #takeAll(messages: readonly In[], bodies: Buffer[]): Promise<void> {
    let next = 0;
    for (const [index, message] of messages.entries()) {
      const pause = index % messagesPerClockRead === 0 ? this.#budget.pauseIfUsedUp() : undefined;
      if (pause !== undefined) await pause;
      this.#options.onMessage(message, hasBody(message) ? (bodies[next++] ?? nothing) : nothing);
    }
  }

  #break(error: unknown): void {
    if (!this.#closed) this.#options.broken(error);
  }
}

/** Not validated: the other end runs the same program. */
function parseMessages(text: Buffer): readonly (ToHub | ToWorker)[] {
  return JSON.parse(text.toString()) as readonly (ToHub | ToWorker)[];
}
