import type { Socket } from "node:net";
import { Receiver } from "ws";
import type { Clock, Timer } from "../../base/clock.js";
import { tryReserve } from "../../gateway/limits/body-budget.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { closeCodes, endFrames, frameClose, framePong } from "../../gateway/websocket/frame.js";
import { otherKindReason } from "../../gateway/websocket/message-kinds.js";
import type { MessageKind, SocketMessage } from "../../gateway/websocket/message-kinds.js";

export interface WebSocketConnectionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Memory for the client's messages, beyond the free {@link freeBytes}. */
  readonly reservation: BodyReservation;
  /** The most bytes of one message. */
  readonly messageBytes: number;
  /** The kinds of messages that `take` accepts. */
  readonly kinds: readonly MessageKind[];
  /**
   * Called with each whole message. Returns true if it is still being handled, until
   * {@link WebSocketConnection.idle}.
   */
  readonly take: (message: SocketMessage) => boolean;
  /** The connection is being closed, by the client or by the hub: nothing else may be written to it. */
  readonly over: () => void;
}

/** Bytes that each client may use without a reservation: enough for a change of filters, or a token. */
const freeBytes = 4096;

/** No real client splits a message into more fragments; each of them costs a buffer. */
const mostFragments = 1024;
const mostChunks = 4096;

/**
 * Bytes of a client's control frame besides its payload: a header of two bytes and the mask [RFC 6455 5.2].
 */
const controlHeaderBytes = 6;

/** The time for the client to answer a close frame, in milliseconds; then the hub destroys the socket. */
const closeWithinMs = 1000;

/**
 * Reads one WebSocket's frames with the `ws` library, and closes its connection. Each write is a whole frame, here and
 * in the rounds and pages that are written to the socket directly, so that frames never mix.
 */
export class WebSocketConnection {
  readonly #options: WebSocketConnectionOptions;
  readonly #receiver: Receiver;
  /** The latest unanswered ping; earlier ones need no answer [RFC 6455 5.5.3]. */
  #ping: Buffer | undefined;
  /** Bytes read since the last whole message was handled. */
  #heldBytes = 0;
  #closing: Timer | undefined;

  constructor(options: WebSocketConnectionOptions) {
    const { messageBytes } = options;
    this.#options = options;
    this.#receiver = new Receiver({
      isServer: true,
      maxPayload: messageBytes,
      maxFragments: mostFragments,
      maxBufferedChunks: mostChunks,
    });
    this.#receiver
      .on("message", (data, isBinary) => this.#take(data, isBinary))
      .on("ping", (payload) => this.#control(payload, true))
      .on("pong", (payload) => this.#control(payload, false))
      .on("conclude", (code) => this.#conclude(code))
      .on("error", ({ code = "" }) => this.close(codesOfErrors.get(code) ?? closeCodes.protocolError));
    options.socket.once("close", () => this.#closing?.cancel());
  }

  /** Handles bytes from the socket. */
  read(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    const needsMemory = this.#closing === undefined && this.#heldBytes > freeBytes;
    if (needsMemory && !tryReserve(this.#options.reservation, bytes.length)) {
      this.end(endFrames.full);
      return;
    }
    if (this.#receiver.writable) this.#receiver.write(bytes);
  }

  /** Call it when all messages are handled. */
  idle(): void {
    this.#release();
    this.#options.socket.resume();
  }

  /** Call it when the socket has written everything. */
  drained(): void {
    if (this.#ping !== undefined) this.#pong(this.#ping);
  }

  /** Closes with a code and a reason, and waits for the client's answer. Safe to call twice. */
  close(code: number, reason = ""): void {
    this.end(frameClose(code, reason));
  }

  /** Closes with a frame that is encoded already. */
  end(lastFrame: Buffer): void {
    if (this.#closing !== undefined) return;
    const { socket, clock } = this.#options;
    this.#closing = clock.after(closeWithinMs, () => socket.destroy());
    this.#release();
    this.#options.over();
    if (socket.writable) socket.end(lastFrame);
    socket.resume();
  }

  /** Answers the client's close frame, unless it is itself the answer to ours. */
  #conclude(code: number): void {
    const { socket } = this.#options;
    if (this.#closing === undefined) this.close(code === noCode ? closeCodes.normal : code);
    socket.destroySoon();
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#closing !== undefined) return;
    const { kinds } = this.#options;
    if (!kinds.includes(isBinary ? "binary" : "text")) {
      this.close(closeCodes.unsupported, otherKindReason(kinds));
      return;
    }
    // The socket is not read meanwhile, so that further messages stay with the client.
    if (this.#options.take(isBinary ? data : data.toString())) this.#options.socket.pause();
    else this.#release();
  }

  /** A control frame may come between the fragments of a message, and does not count as one of its bytes. */
  #control(payload: Buffer, isPing: boolean): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - payload.length - controlHeaderBytes);
    // Otherwise the reservation for many control frames would last until the next message.
    if (this.#heldBytes <= freeBytes) this.#options.reservation.release();
    if (isPing) this.#pong(payload);
  }

  #pong(payload: Buffer): void {
    const { socket } = this.#options;
    if (this.#closing !== undefined) return;
    // With each ping, a client that reads nothing would add an answer to the queue.
    const isFree = socket.writableLength === 0;
    this.#ping = isFree ? undefined : payload;
    if (isFree && socket.writable) socket.write(framePong(payload), () => this.drained());
  }

  #release(): void {
    this.#heldBytes = 0;
    this.#options.reservation.release();
  }
}

/** A close without a code [RFC 6455 7.1.5]. */
const noCode = 1005;

const codesOfErrors: ReadonlyMap<string, number> = new Map([
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", closeCodes.tooBig],
  ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", closeCodes.tooBig],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", closeCodes.policy],
  ["WS_ERR_INVALID_UTF8", closeCodes.badText],
]);
