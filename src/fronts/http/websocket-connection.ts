import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import { Lifetime } from "../../base/lifetime.js";
import type { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { Dialogue, MessageResult } from "../../gateway/http/messages.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { Conversation } from "../../gateway/websocket/conversation.js";
import { endFrames, framePong, lossyEndFrames } from "../../gateway/websocket/frame.js";
import { FrameParser } from "../../gateway/websocket/frame-parser.js";
import { kindsOf } from "../../gateway/websocket/message-kinds.js";

export interface WebSocketConnectionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly dialogue: Dialogue;
  /** The time for frames in each turn, which all WebSockets of the front share. */
  readonly turns: TurnRotation;
  /** The largest message, in bytes. */
  readonly messageBytes: number;
  /** Reserves memory for what the client sends, until the end of the lifetime. */
  readonly reservationFor: (lifetime: Lifetime) => BodyReservation;
  /** Writes an answer to the stream. Returns false if the next message has to wait until the answer is written. */
  readonly onResult: (result: MessageResult) => boolean;
  /** Called when the front has to close the stream in order: call {@link WebSocketConnection.end} after its answers. */
  readonly onEnd: () => void;
}

/**
 * Bytes that may wait while earlier frames are handled. The front then pauses the socket, so that these are one or two
 * reads of the socket. Further bytes stay at the client.
 */
const waitingBytes = 256 * 1024;

/** The time for the client to close its side, in milliseconds. Then the hub destroys the socket. */
const closeWithinMs = 1000;

/**
 * One WebSocket on a socket. Each write to the socket is a whole frame, so that frames never mix. Other classes write
 * rounds and pages to the socket, also as whole frames.
 */
export class WebSocketConnection {
  /** Ends when everything that the client sent is handled or dropped. */
  readonly lifetime = new Lifetime();
  readonly #options: WebSocketConnectionOptions;
  readonly #parser: FrameParser;
  readonly #conversation: Conversation;
  /** The latest unanswered ping. Earlier pings need no answer [RFC 6455 5.5.3]. */
  #ping: Buffer | undefined;
  /** The close frame that the client's last frame asks for. */
  #lastFrame: Buffer | undefined;
  #isClosing = false;

  constructor(options: WebSocketConnectionOptions) {
    const { socket, dialogue, messageBytes, reservationFor, onResult } = options;
    this.#options = options;
    this.#parser = new FrameParser({
      kinds: kindsOf(dialogue),
      messageBytes,
      waitingBytes,
      isMasked: true,
      reserve: () => reservationFor(this.lifetime),
    });
    this.#conversation = new Conversation({
      ...options,
      parser: this.#parser,
      lifetime: this.lifetime,
      onResult,
      onPings: (payloads) => this.#answerPings(payloads),
      onIdle: () => socket.resume(),
      onEnd: (lastFrame) => this.#endAfter(lastFrame),
    });
    // Frames may arrive with the handshake. Their answers must follow the head of the stream.
    socket.pause();
  }

  /** True while frames wait. */
  get isBusy(): boolean {
    return this.#conversation.isBusy;
  }

  /** Handles bytes from the socket. After the hub's close frame, bytes are dropped. */
  read(bytes: Buffer): void {
    if (this.#isClosing) return;
    this.#parser.add(bytes);
    this.#conversation.run();
    this.#holdIfBusy();
  }

  /** Call this method when the head of the stream, or answers, are written. */
  flushed(): void {
    this.#conversation.flushed();
  }

  /** Call this method when the socket has written everything. */
  drained(): void {
    const ping = this.#ping;
    this.#ping = undefined;
    if (ping !== undefined) this.#answerPings([ping]);
  }

  /** Call this method when the client has ended its side. It may still read its answers. */
  halfClosed(): void {
    this.#parser.end();
    this.#conversation.run();
  }

  /** Call this method when the socket is closed. What the client sent before is still handled. */
  closed(): void {
    this.#conversation.left();
  }

  /** Closes the connection with a close frame, and waits for the client to close its side. Safe to call twice. */
  end(reason: EndReason | "full"): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const frames = this.#conversation.hasUnanswered ? lossyEndFrames : endFrames;
    this.#conversation.end();
    const { socket, clock } = this.#options;
    const late = clock.after(closeWithinMs, () => socket.destroy());
    socket.once("close", () => late.cancel());
    if (socket.writable) socket.end(this.#lastFrame ?? frames[reason]);
    socket.resume();
  }

  /** While frames wait, the front does not read the socket, so that further frames stay at the client. */
  #holdIfBusy(): void {
    if (!this.#conversation.isBusy) return;
    this.#options.socket.pause();
    this.#parser.hold();
  }

  #answerPings(payloads: readonly Buffer[]): boolean {
    const { socket } = this.#options;
    // Otherwise each ping of a client that reads nothing adds an answer to the queue.
    if (socket.writableLength > 0) this.#ping = payloads.at(-1);
    else if (socket.writable) socket.write(Buffer.concat(payloads.map(framePong)), () => this.drained());
    return true;
  }

  #endAfter(lastFrame: Buffer): void {
    this.#lastFrame = lastFrame;
    this.#options.onEnd();
  }
}
