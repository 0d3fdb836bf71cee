import type { Socket } from "node:net";
import { Receiver } from "ws";
import type { Clock, Timer } from "../../base/clock.js";
import { hasRoomFor } from "../../gateway/limits/body-budget.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { closeCodes, endFrames, frameClose, framePong } from "../../gateway/websocket/frame.js";
import { otherKindReason } from "../../gateway/websocket/message-kinds.js";
import type { MessageKind, SocketMessage } from "../../gateway/websocket/message-kinds.js";

export interface WebSocketConnectionOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Memory for what the client sends, beyond a little that is free. */
  readonly place: BodyReservation;
  /** The most bytes of one message. */
  readonly messageBytes: number;
  /** The kinds of messages that `take` takes. */
  readonly kinds: readonly MessageKind[];
  /** Takes a whole message; true if it takes a while, until {@link WebSocketConnection.idle}. */
  readonly take: (message: SocketMessage) => boolean;
  /** The client ends the connection, or is ended: nothing else is to be written to it. */
  readonly over: () => void;
}

/** What any client may have in memory without asking for room: a request that changes filters, a token. */
const freeBytes = 4096;

/** A message in more pieces is none that a program means; each costs a buffer. */
const mostFragments = 1024;
const mostChunks = 4096;

/** What a client's control frame has beside its payload: two bytes and the mask [RFC 6455 5.2]. */
const controlHeaderBytes = 6;

/** How long a client may take to answer a close, in milliseconds, before its connection is closed all the same. */
const closeWithinMs = 1000;

/**
 * What one WebSocket's client sends, read by the `ws` library, and how its connection ends. Everything that is written
 * here is a whole frame, and so are the rounds and pages that go to the socket past it; nothing can come in between.
 */
export class WebSocketConnection {
  readonly #options: WebSocketConnectionOptions;
  readonly #receiver: Receiver;
  /** The latest that is not answered; earlier ones need not be [RFC 6455 5.5.3]. */
  #ping: Buffer | undefined;
  /** Bytes since the last whole message was worked on. */
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

  /** Bytes from the socket. */
  read(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    const needsRoom = this.#closing === undefined && this.#heldBytes > freeBytes;
    if (needsRoom && !hasRoomFor(this.#options.place, bytes.length)) {
      this.end(endFrames.full);
      return;
    }
    if (this.#receiver.writable) this.#receiver.write(bytes);
  }

  /** Everything that came is worked on. */
  idle(): void {
    this.#release();
    this.#options.socket.resume();
  }

  /** The socket has taken everything. */
  drained(): void {
    if (this.#ping !== undefined) this.#pong(this.#ping);
  }

  /** Says why, and lets the client answer before the connection is closed. Safe to call twice. */
  close(code: number, reason = ""): void {
    this.end(frameClose(code, reason));
  }

  /** The same with the last frame as bytes. */
  end(lastFrame: Buffer): void {
    if (this.#closing !== undefined) return;
    const { socket, clock } = this.#options;
    this.#closing = clock.after(closeWithinMs, () => socket.destroy());
    this.#release();
    this.#options.over();
    if (socket.writable) socket.end(lastFrame);
    socket.resume();
  }

  /** The client has said its last: an answer, unless this is one. */
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
    // What the client sends meanwhile stays with it.
    if (this.#options.take(isBinary ? data : data.toString())) this.#options.socket.pause();
    else this.#release();
  }

  /** It is read, and may stand between the pieces of a message. */
  #control(payload: Buffer, isPing: boolean): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - payload.length - controlHeaderBytes);
    // Else what many of them had held would count until the next message, as held by nobody.
    if (this.#heldBytes <= freeBytes) this.#options.place.leave();
    if (isPing) this.#pong(payload);
  }

  #pong(payload: Buffer): void {
    const { socket } = this.#options;
    if (this.#closing !== undefined) return;
    // What a client does not take would pile up with each of its pings.
    const isFree = socket.writableLength === 0;
    this.#ping = isFree ? undefined : payload;
    if (isFree && socket.writable) socket.write(framePong(payload), () => this.drained());
  }

  #release(): void {
    this.#heldBytes = 0;
    this.#options.place.leave();
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
