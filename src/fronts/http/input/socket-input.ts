import { Socket } from "node:net";
import type { TurnRotation } from "../../../gateway/limits/turn-rotation.js";
import type { Step } from "../../../gateway/limits/turn-rotation.js";

/** Handles bytes of one socket. */
type Take = (bytes: Buffer) => void;

/** The requests that a front has received. */
export interface ReceivedRequests {
  /** True while the next bytes of the socket have to wait for {@link SocketInput.proceed}. */
  hasToWait(socket: Socket): boolean;
  /** The next bytes of the socket that belong to a body, as far as its request has announced them. */
  bodyBytesToCome(socket: Socket): number;
}

export interface SocketInputOptions {
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  readonly requests: ReceivedRequests;
}

/** A socket whose bytes are passed on piece by piece. */
interface Source {
  readonly socket: Socket;
  readonly listener: Take;
  /** Passes one piece on. */
  readonly step: Step;
  take: Take;
  /** Bytes that have just left the socket, before they are passed on or put back. */
  received: Buffer;
  /** False while the taker has paused the socket, and after the release. */
  isWanted: boolean;
  /** True while the rotation repeats the step. */
  isRunning: boolean;
  /** True while a step reads from the socket. */
  isReading: boolean;
}

const noBytes = Buffer.alloc(0);

/**
 * The most bytes of a piece. The work on one piece cannot be interrupted. The smallest chunks have 6 bytes: a piece has
 * at most 683 chunks, which need 2 ms.
 */
export const pieceBytes = 4096;

/**
 * The least bytes of a piece that ends with a request head, since in a chunked body each empty line looks like the end
 * of a head. The smallest requests have 35 bytes: a piece has the ends of at most 4 requests.
 */
export const leastPieceBytes = 128;

/** The ends of a request head [RFC 9112 2.1]. Node's parser accepts lines that end without CR. */
const endsOfHead: readonly Buffer[] = [Buffer.from("\n\r\n"), Buffer.from("\n\n")];

/**
 * Passes the bytes of all sockets of a front to their takers, so that no client delays the others. In one turn of the
 * event loop, libuv reads up to 2 MiB of a socket, and Node parses all of these bytes at once: 340,000 chunks, or
 * 60,000 requests. This class divides the bytes into pieces, and takes the sockets in rotation. The bytes that are left
 * after a turn stay in their socket, which reads no more meanwhile.
 */
export class SocketInput {
  readonly #options: SocketInputOptions;
  readonly #sources = new WeakMap<Socket, Source>();

  constructor(options: SocketInputOptions) {
    this.#options = options;
  }

  /** Passes the bytes of a socket on to the only listener of its event `data`, for example to Node's HTTP server. */
  intercept(socket: Socket): void {
    for (const listener of socket.listeners("data")) {
      socket.off("data", listener as Take);
      this.attach(socket, (bytes) => Reflect.apply(listener, socket, [bytes]));
    }
  }

  /**
   * Passes the bytes of a socket on to `take`. If `take`, or any other code, pauses the socket, the next piece waits
   * until the socket is resumed.
   */
  attach(socket: Socket, take: Take): void {
    const source: Source = {
      socket,
      listener: (bytes) => this.#receive(source, bytes),
      step: () => (source.isRunning = this.#passPiece(source)),
      take,
      received: noBytes,
      isWanted: true,
      isRunning: false,
      isReading: false,
    };
    this.#sources.set(socket, source);
    socket.pause = () => {
      source.isWanted = false;
      return pause(socket);
    };
    socket.resume = () => {
      source.isWanted = true;
      // The code that resumes the socket may be in the middle of its work, so the next piece waits for the next turn.
      if (socket.readableLength > 0) this.#start(source, "runLater");
      else resume(socket);
      return socket;
    };
    socket.on("data", source.listener);
  }

  /** Stops to pass on the bytes of a socket. The other bytes stay in the socket. */
  release(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source === undefined) return;
    source.isWanted = false;
    this.#sources.delete(socket);
    socket.off("data", source.listener);
    socket.pause = pauseThis;
    socket.resume = resumeThis;
  }

  /** Ignores all further bytes of a socket. */
  ignore(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source !== undefined) source.take = () => undefined;
  }

  /** Call this method when the bytes of a socket no longer have to wait. */
  proceed(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source?.isWanted === true) socket.resume();
  }

  /** Bytes that have to wait go back into the socket, so that the socket emits `end` after them. */
  #receive(source: Source, bytes: Buffer): void {
    source.received = bytes;
    if (source.isReading) return;
    this.#start(source, "run");
    putBack(source);
  }

  #start(source: Source, run: "run" | "runLater"): void {
    if (source.isRunning) return;
    source.isRunning = true;
    this.#options.turns[run](source.step);
  }

  /** Returns true if there is another piece, which need not wait. */
  #passPiece(source: Source): boolean {
    const { socket } = source;
    if (this.#mayPass(source)) this.#takePiece(source);
    if (socket.readableLength > 0) return this.#mayPass(source);
    if (source.isWanted) resume(socket);
    return false;
  }

  #mayPass({ socket, isWanted }: Source): boolean {
    return isWanted && !socket.destroyed && !this.#options.requests.hasToWait(socket);
  }

  #takePiece(source: Source): void {
    if (source.received.length === 0) read(source);
    const { socket, received: bytes, take } = source;
    const end = endOfPiece(bytes, this.#options.requests.bodyBytesToCome(socket));
    source.received = end < bytes.length ? bytes.subarray(end) : noBytes;
    putBack(source);
    take(end < bytes.length ? bytes.subarray(0, end) : bytes);
  }
}

/** Reading emits `data`, so the bytes are in `received` then. */
function read(source: Source): void {
  const { socket } = source;
  source.isReading = true;
  socket.read(Math.min(pieceBytes, socket.readableLength));
  source.isReading = false;
}

function putBack(source: Source): void {
  const { socket, received } = source;
  if (received.length === 0) return;
  source.received = noBytes;
  pause(socket);
  socket.unshift(received);
}

/** If several heads end behind the body, the piece ends with the first of them. */
function endOfPiece(bytes: Buffer, bodyBytes: number): number {
  const most = Math.min(pieceBytes, bytes.length);
  const end = endOfHead(bytes, Math.max(leastPieceBytes, bodyBytes));
  return end < most && endOfHead(bytes, end) <= bytes.length ? end : most;
}

/** The end of the first head that ends behind `from`; infinite if there is none. */
function endOfHead(bytes: Buffer, from: number): number {
  let end = Number.POSITIVE_INFINITY;
  for (const mark of endsOfHead) {
    const at = bytes.indexOf(mark, from);
    if (at >= 0) end = Math.min(end, at + mark.length);
  }
  return end;
}

function pause(socket: Socket): Socket {
  return Socket.prototype.pause.call(socket);
}

function resume(socket: Socket): Socket {
  return Socket.prototype.resume.call(socket);
}

function pauseThis(this: Socket): Socket {
  return pause(this);
}

function resumeThis(this: Socket): Socket {
  return resume(this);
}
