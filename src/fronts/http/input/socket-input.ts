import { Socket } from "node:net";
import { TurnBudget } from "../../../base/turn-budget.js";
import type { TurnClock } from "../../../base/turn-budget.js";
import { TurnRotation } from "../../../gateway/limits/turn-rotation.js";
import type { Step } from "../../../gateway/limits/turn-rotation.js";

/** Handles bytes of one socket. */
type Take = (bytes: Buffer) => void;

/** A socket whose bytes are passed on piece by piece. */
interface Source {
  readonly socket: Socket;
  readonly listener: Take;
  /** Drops the bytes when the socket is closed. */
  readonly closed: () => void;
  /** Passes one piece on. */
  readonly step: Step;
  take: Take;
  /** Bytes that were read but not passed on. */
  rest: Buffer | undefined;
  /** False while the taker has paused the socket, and after the release. */
  isWanted: boolean;
  /** True while the rotation repeats the step. */
  isRunning: boolean;
}

/**
 * The size of a piece, in bytes. The work on one piece cannot be interrupted. The smallest requests have 35 bytes, and
 * the smallest chunks 6 bytes: a piece has at most 117 requests or 683 chunks, which need 2 ms.
 */
export const pieceBytes = 4096;

/**
 * Passes the bytes of all sockets of a front to their takers, so that no client delays the others. In one turn of the
 * event loop, libuv reads up to 2 MiB of a socket, and Node parses all of these bytes at once: 340,000 chunks, or
 * 60,000 requests. This class divides the bytes into pieces, and takes the sockets in rotation. The sockets with bytes
 * that are left after a turn are paused.
 */
export class SocketInput {
  readonly #turns: TurnRotation;
  readonly #sources = new WeakMap<Socket, Source>();

  constructor(clock: TurnClock) {
    this.#turns = new TurnRotation(new TurnBudget(clock));
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
      closed: () => (source.rest = undefined),
      step: () => (source.isRunning = passPiece(source)),
      take,
      rest: undefined,
      isWanted: true,
      isRunning: false,
    };
    this.#sources.set(socket, source);
    socket.pause = () => {
      source.isWanted = false;
      return pause(socket);
    };
    socket.resume = () => {
      source.isWanted = true;
      if (source.rest === undefined) return resume(socket);
      // The code that resumes the socket may be in the middle of its work, so the next piece waits for the next turn.
      this.#start(source, "runLater");
      return socket;
    };
    socket.on("data", source.listener);
    socket.once("close", source.closed);
  }

  /** Stops to pass on the bytes of a socket, and returns the bytes that were read but not passed on. */
  release(socket: Socket): Buffer | undefined {
    const source = this.#sources.get(socket);
    if (source === undefined) return undefined;
    const { rest } = source;
    source.rest = undefined;
    source.isWanted = false;
    this.#sources.delete(socket);
    socket.off("data", source.listener).off("close", source.closed);
    socket.pause = pauseThis;
    socket.resume = resumeThis;
    return rest;
  }

  /** Ignores all further bytes of a socket. */
  ignore(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source !== undefined) source.take = () => undefined;
  }

  #receive(source: Source, bytes: Buffer): void {
    source.rest = source.rest === undefined ? bytes : Buffer.concat([source.rest, bytes]);
    if (source.isWanted) this.#start(source, "run");
    if (source.rest !== undefined) pause(source.socket);
  }

  #start(source: Source, run: "run" | "runLater"): void {
    if (source.isRunning) return;
    source.isRunning = true;
    this.#turns[run](source.step);
  }
}

/** Returns true if there may be another piece. */
function passPiece(source: Source): boolean {
  const { rest, socket } = source;
  if (rest === undefined || !source.isWanted || socket.destroyed) return false;
  source.rest = rest.length > pieceBytes ? rest.subarray(pieceBytes) : undefined;
  source.take(rest.subarray(0, pieceBytes));
  if (source.rest !== undefined) return true;
  if (source.isWanted && socket.isPaused()) resume(socket);
  return false;
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
