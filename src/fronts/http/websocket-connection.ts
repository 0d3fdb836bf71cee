import type { Socket } from "node:net";
import { Receiver } from "ws";
import type { Clock, Timer } from "../../base/clock.js";
import { tryResize } from "../../gateway/limits/body-budget.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { closeCodes, endFrames, frameClose, framePong } from "../../gateway/websocket/frame.js";
import { otherKindReason } from "../../gateway/websocket/message-kinds.js";
import type { MessageKind, SocketMessage } from "../../gateway/websocket/message-kinds.js";

export interface WebSocketConnectionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Memory for the client's messages, in addition to {@link freeBytes}. */
  readonly reservation: BodyReservation;
  /** The largest message, in bytes. */
  readonly messageBytes: number;
  /** The kinds of messages that `take` accepts. */
  readonly kinds: readonly MessageKind[];
  /**
   * Called with each whole message. Returns true if the message is still being handled; then
   * {@link WebSocketConnection.idle} marks the end of the handling.
   */
  readonly take: (message: SocketMessage) => boolean;
  /**
   * Called when the client or the hub closes the connection. The hub must not write anything else to the connection.
   */
  readonly over: () => void;
}

/**
 * Bytes that each client may use without a reservation: enough for a message that changes filters or renews a token.
 */
const freeBytes = 4096;

/**
 * The limit of fragments in one message. Each fragment needs a buffer, and no real client sends more fragments than
 * this.
 */
const mostFragments = 1024;
const mostChunks = 4096;

/** Bytes of a client's control frame without its payload: a header of two bytes, and the mask [RFC 6455 5.2]. */
const controlHeaderBytes = 6;

/** The time for the client to answer a close frame, in milliseconds. After this time, the hub destroys the socket. */
const closeWithinMs = 1000;

/**
 * Reads the frames of one WebSocket with the `ws` library, and closes the connection. Other classes write publications
 * to the same socket. Each write to the socket is a whole frame, so that frames never mix.
 */
export class WebSocketConnection {
  readonly #options: WebSocketConnectionOptions;
  readonly #receiver: Receiver;
  /**
   * The latest unanswered ping. If the client sends several pings, only the latest needs an answer [RFC 6455 5.5.3].
   */
  #ping: Buffer | undefined;
  /** The number of bytes that were read since the last whole message was handled. */
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
    if (needsMemory && !tryResize(this.#options.reservation, this.#heldBytes)) {
      this.end(endFrames.full);
      return;
    }
    if (this.#receiver.writable) this.#receiver.write(bytes);
  }

  /** Call this method when all messages are handled. */
  idle(): void {
    this.#release();
    this.#options.socket.resume();
  }

  /** Call this method when the socket has written everything. */
  drained(): void {
    if (this.#ping !== undefined) this.#pong(this.#ping);
  }

  /** Closes the connection with a code and a reason, and waits for the client's answer. Safe to call twice. */
  close(code: number, reason = ""): void {
    this.end(frameClose(code, reason));
  }

  /** Closes the connection with a frame that is already encoded. */
  end(lastFrame: Buffer): void {
    if (this.#closing !== undefined) return;
    const { socket, clock } = this.#options;
    this.#closing = clock.after(closeWithinMs, () => socket.destroy());
    this.#release();
    this.#options.over();
    if (socket.writable) socket.end(lastFrame);
    socket.resume();
  }

  /** Answers the client's close frame, unless the hub has sent its own close frame before. */
  #conclude(code: number): void {
    const { socket } = this.#options;
    if (this.#closing === undefined) this.close(code === noCode ? closeCodes.normal : code);
    socket.destroySoon();
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#closing !== undefined) return;
    const { kinds } = this.#options;
    const kind = isBinary ? "binary" : "text";
    if (!kinds.includes(kind)) {
      this.close(closeCodes.unsupported, otherKindReason(kinds, kind));
      return;
    }
    // While a message is being handled, the front does not read the socket, so that further messages stay at the
    // client.
    if (this.#options.take(isBinary ? data : data.toString())) this.#options.socket.pause();
    else this.#release();
  }

  /**
   * A control frame may arrive between the fragments of a message. The bytes of a control frame do not count as bytes
   * of the message.
   */
  #control(payload: Buffer, isPing: boolean): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - payload.length - controlHeaderBytes);
    // Control frames need no memory any more. Without this release, the memory for many control frames stays reserved
    // until the next message.
    if (this.#heldBytes <= freeBytes) this.#options.reservation.resize(0);
    if (isPing) this.#pong(payload);
  }

  #pong(payload: Buffer): void {
    const { socket } = this.#options;
    if (this.#closing !== undefined) return;
    // The hub answers a ping only if the queue is empty. Otherwise each ping of a client that reads nothing adds an
    // answer to the queue.
    const isFree = socket.writableLength === 0;
    this.#ping = isFree ? undefined : payload;
    if (isFree && socket.writable) socket.write(framePong(payload), () => this.drained());
  }

  #release(): void {
    this.#heldBytes = 0;
    this.#options.reservation.resize(0);
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
