import { Socket } from "node:net";
import type { TurnRotation } from "../../../gateway/limits/turn-rotation.js";
import type { Step } from "../../../gateway/limits/turn-rotation.js";
import { BodyMessage } from "./body-message.js";
import { RequestFraming } from "./request-framing.js";

/** Handles bytes of one socket. */
type Take = (bytes: Buffer) => void;

export interface SocketInputOptions {
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  /** True while the next bytes of the socket have to wait for {@link SocketInput.proceed}. */
  readonly hasToWait: (socket: Socket) => boolean;
}

/** A socket whose bytes are passed on piece by piece. */
interface Source {
  readonly socket: Socket;
  readonly listener: Take;
  /** Passes one piece on. */
  readonly step: Step;
  readonly framing: RequestFraming;
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
 * The most bytes that a taker gets at once. This work cannot be interrupted. A piece is a head or a part of a body, or a
 * head and the first part of its body.
 */
export const pieceBytes = 4096;

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
      framing: new RequestFraming(() => BodyMessage.takeNewest(socket)),
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
    putBack(source);
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
    return isWanted && !socket.destroyed && !this.#options.hasToWait(socket);
  }

  #takePiece(source: Source): void {
    if (source.received.length === 0) read(source);
    const isBody = source.framing.isInBody;
    passPart(source);
    if (!isBody && source.framing.isInBody && this.#mayPass(source)) passPart(source);
    putBack(source);
  }
}

/** Passes on a head, or a part of a body. */
function passPart(source: Source): void {
  const { received, framing, take } = source;
  if (received.length === 0) return;
  const { bytes, used } = framing.next(
    received.length > pieceBytes ? received.subarray(0, pieceBytes) : received,
  );
  source.received = used < received.length ? received.subarray(used) : noBytes;
  if (bytes.length > 0) take(bytes);
  framing.passed();
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
