import { parseCommand, parseSocketType, pongFor, ready } from "./commands.js";
import { FrameReader } from "./frame-reader.js";
import { beginsGreeting, greeting, greetingBytes } from "./greeting.js";

export interface PublisherProtocolOptions {
  /** The largest frame in bytes. A larger frame ends the connection. */
  readonly maxFrameBytes: number;
  /** The most frames of a message that are kept. The protocol drops further frames of the message. */
  readonly mostFrames: number;
  /** Sends bytes to the publisher. */
  readonly write: (bytes: Buffer) => void;
}

/**
 * The result of reading:
 * - `wait`: the next message has not arrived completely;
 * - `refused`: the peer is no publisher, or it violates the protocol. The caller closes its connection.
 */
export type PublisherStep =
  | { readonly kind: "message"; readonly frames: readonly Buffer[] }
  | { readonly kind: "wait" }
  | { readonly kind: "refused" };

const wait: PublisherStep = { kind: "wait" };
const refused: PublisherStep = { kind: "refused" };

/**
 * The PULL side of one connection of a PUSH socket, without security [ZMTP 3.1]. Call `next` after each `push` until it
 * waits.
 */
export class PublisherProtocol {
  readonly #options: PublisherProtocolOptions;
  readonly #reader: FrameReader;
  #stage: "greeting" | "ready" | "messages" = "greeting";
  #frames: Buffer[] = [];
  /** The answer to the last PING since the last `wait`. One answer is enough for several PINGs. */
  #pong: Buffer | undefined;

  constructor(options: PublisherProtocolOptions) {
    this.#options = options;
    this.#reader = new FrameReader(options.maxFrameBytes);
    options.write(greeting);
  }

  /** True after the handshake. */
  get isReady(): boolean {
    return this.#stage === "messages";
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  next(): PublisherStep {
    if (this.#stage === "greeting") {
      const begin = this.#reader.peek(greetingBytes);
      if (!beginsGreeting(begin)) return refused;
      if (begin.length < greetingBytes) return wait;
      this.#reader.skip(greetingBytes);
      this.#options.write(ready);
      this.#stage = "ready";
    }
    return this.#nextMessage();
  }

  #nextMessage(): PublisherStep {
    for (;;) {
      const frame = this.#reader.frame();
      if (frame === "invalid") return refused;
      if (frame === undefined) return this.#wait();
      if (frame.isCommand) {
        if (!this.#accepts(frame.body)) return refused;
      } else {
        if (this.#stage !== "messages") return refused;
        if (this.#frames.length < this.#options.mostFrames) this.#frames.push(frame.body);
        if (!frame.hasMore) return { kind: "message", frames: this.#takeFrames() };
      }
    }
  }

  #takeFrames(): readonly Buffer[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  #wait(): PublisherStep {
    if (this.#pong !== undefined) this.#options.write(this.#pong);
    this.#pong = undefined;
    return wait;
  }

  /** Processes a command. Returns false if the connection has to end. */
  #accepts(body: Buffer): boolean {
    const { name, data } = parseCommand(body) ?? { name: "ERROR", data: body };
    if (this.#stage === "ready") {
      if (name !== "READY" || parseSocketType(data) !== "PUSH") return false;
      this.#stage = "messages";
      return true;
    }
    if (name === "PING") {
      this.#pong = pongFor(data);
      return this.#pong !== undefined;
    }
    return name !== "ERROR";
  }
}
