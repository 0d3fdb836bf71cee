import { Socket } from "node:net";
import { TurnBudget } from "../../../base/turn-budget.js";
import type { TurnClock } from "../../../base/turn-budget.js";

/** Handles bytes of one socket. */
type Take = (bytes: Buffer) => void;

/** A socket whose bytes are passed on piece by piece. */
interface Source {
  readonly socket: Socket;
  readonly listener: Take;
  take: Take;
  /** Bytes that were read but not passed on. */
  rest: Buffer | undefined;
  /** False while the taker has paused the socket. */
  isWanted: boolean;
}

/**
 * The size of a piece, in bytes. The work on one piece cannot be interrupted. The smallest requests have 35 bytes, and
 * the smallest chunks 6 bytes: a piece has at most 117 requests or 683 chunks, which need 2 ms.
 */
export const pieceBytes = 4096;

/**
 * Passes the bytes of all sockets of a front to their takers, so that no client delays the others. In one turn of the
 * event loop, libuv reads up to 2 MiB of a socket, and Node parses all of these bytes at once: 340,000 chunks, or
 * 60,000 requests. This class divides the bytes into pieces, and takes the sockets in turn. When the time for a turn is
 * used up, the sockets with bytes that are left are paused.
 */
export class SocketInput {
  readonly #budget: TurnBudget;
  readonly #sources = new WeakMap<Socket, Source>();
  /** The sources with bytes that may be passed on, the next one first. */
  readonly #ready = new Set<Source>();
  #isPassing = false;
  #isTurnDue = false;

  constructor(clock: TurnClock) {
    this.#budget = new TurnBudget(clock);
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
      take,
      rest: undefined,
      isWanted: true,
    };
    this.#sources.set(socket, source);
    socket.pause = () => {
      source.isWanted = false;
      return pause(socket);
    };
    socket.resume = () => {
      source.isWanted = true;
      if (source.rest === undefined) return resume(socket);
      this.#ready.add(source);
      this.#takeTurn();
      return socket;
    };
    socket.on("data", source.listener);
    socket.once("close", () => this.#drop(source));
  }

  /** Stops to pass on the bytes of a socket, and returns the bytes that were read but not passed on. */
  release(socket: Socket): Buffer | undefined {
    const source = this.#sources.get(socket);
    if (source === undefined) return undefined;
    const { rest } = source;
    this.#drop(source);
    this.#sources.delete(socket);
    socket.off("data", source.listener);
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
    if (source.isWanted) this.#ready.add(source);
    this.#passOn();
    if (source.rest !== undefined) pause(source.socket);
  }

  /** Passes pieces on until no source is ready, or the turn's time is used up. */
  #passOn(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    try {
      // A source that is added again comes last.
      for (const source of this.#ready) {
        if (this.#budget.isUsedUp()) break;
        this.#ready.delete(source);
        this.#passPiece(source);
      }
    } finally {
      this.#isPassing = false;
    }
    if (this.#ready.size > 0) this.#takeTurn();
  }

  #passPiece(source: Source): void {
    const { rest, socket } = source;
    if (socket.destroyed) return this.#drop(source);
    if (rest === undefined) return;
    const isLast = rest.length <= pieceBytes;
    source.rest = isLast ? undefined : rest.subarray(pieceBytes);
    source.take(isLast ? rest : rest.subarray(0, pieceBytes));
    if (socket.destroyed) return this.#drop(source);
    if (!source.isWanted || this.#sources.get(socket) !== source) return;
    if (source.rest === undefined) {
      if (socket.isPaused()) resume(socket);
    } else this.#ready.add(source);
  }

  #takeTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#budget.nextTurn(() => {
      this.#isTurnDue = false;
      this.#passOn();
    });
  }

  #drop(source: Source): void {
    this.#ready.delete(source);
    source.rest = undefined;
  }
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
