import type { Socket } from "node:net";
import type { Clock, Timer } from "../../base/clock.js";
import type { TurnBudget } from "../../base/turn-budget.js";
import { PublisherProtocol } from "./publisher-protocol.js";

export interface PublisherConnectionOptions {
  readonly socket: Socket;
  readonly maxFrameBytes: number;
  readonly mostFrames: number;
  readonly clock: Clock;
  /** The time for reading in one turn of the event loop, for all connections together. */
  readonly budget: TurnBudget;
  /** Called when a message has arrived, after a time without a message. */
  readonly onMessage: () => void;
}

/** A publisher that does not end its handshake in this time is disconnected. The time is that of libzmq. */
const handshakeMs = 30_000;

/** The most bytes that wait for a publisher which does not read. Only handshakes and PONGs are sent. */
const mostUnsentBytes = 4096;

/** The connection of one publisher. While a message waits in it, the connection reads no more bytes. */
export class PublisherConnection {
  readonly #options: PublisherConnectionOptions;
  readonly #protocol: PublisherProtocol;
  readonly #handshake: Timer;
  #message: readonly Buffer[] | undefined;

  constructor(options: PublisherConnectionOptions) {
    this.#options = options;
    const { socket, clock } = options;
    this.#protocol = new PublisherProtocol({ ...options, write: (bytes) => this.#write(bytes) });
    this.#handshake = clock.after(handshakeMs, () => socket.destroy());
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("close", () => this.#handshake.cancel());
  }

  /** The next message; undefined if none has arrived completely. */
  next(): readonly Buffer[] | undefined {
    const message = this.#message;
    if (message !== undefined) this.#advance();
    return message;
  }

  /** True if a message waits. This also happens after the end of the connection. */
  get hasMessage(): boolean {
    return this.#message !== undefined;
  }

  #take(chunk: Buffer): void {
    this.#options.socket.pause();
    this.#protocol.push(chunk);
    this.#advance();
    if (this.hasMessage) this.#options.onMessage();
  }

  #advance(): void {
    const { socket } = this.#options;
    const step = this.#protocol.next();
    if (this.#protocol.isReady) this.#handshake.cancel();
    this.#message = step.kind === "message" ? step.frames : undefined;
    if (step.kind === "wait") this.#readOn();
    else if (step.kind === "refused") socket.destroy();
  }

  #readOn(): void {
    const { socket, budget } = this.#options;
    if (budget.isUsedUp()) budget.nextTurn(() => socket.resume());
    else socket.resume();
  }

  #write(bytes: Buffer): void {
    const { socket } = this.#options;
    socket.write(bytes);
    if (socket.writableLength > mostUnsentBytes) socket.destroy();
  }
}
