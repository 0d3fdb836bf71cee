import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * One request of a connection at a time, in order. HTTP/1.1 lets a client send requests before the answers to earlier
 * ones are out [RFC 9112 9.3.2]. Node keeps the answers of its response objects in order, but a stream writes to the
 * socket itself and would overtake a file that is still being read.
 */
export class Pipelining {
  /** For each connection with a request under way, what waits for it. */
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();
  readonly #latest = new WeakMap<Socket, ServerResponse>();

  /**
   * Runs `action` when the earlier requests of this connection are answered, at once if they are, and never when the
   * connection ends before. The turn lasts until `response` is closed.
   */
  take(socket: Socket, response: ServerResponse, action: () => void): void {
    this.#latest.set(socket, response);
    this.#enter(socket, () => {
      response.once("close", () => this.#next(socket));
      action();
    });
  }

  /**
   * Bytes that are no request came on this connection: runs `refuse` when the earlier requests are answered, and nothing
   * afterwards. When they broke off the body of a request, that one is refused in its place, or, where this cannot be
   * told any more, the connection is destroyed.
   */
  breakOff(socket: Socket, refuse: () => void): void {
    const latest = this.#latest.get(socket);
    if (latest === undefined || latest.req.complete) this.#enter(socket, refuse);
    else if (latest.headersSent || this.waiting(socket) > 0) socket.destroy();
    else refuse();
  }

  /** True while a request of this connection is not answered. */
  isTaken(socket: Socket): boolean {
    return this.#waiting.has(socket);
  }

  /** Requests of this connection that wait for their turn. */
  waiting(socket: Socket): number {
    return this.#waiting.get(socket)?.length ?? 0;
  }

  /** Whoever has the turn keeps the connection for good: those that wait run now, and find that out. */
  giveUp(socket: Socket): void {
    this.#latest.delete(socket);
    for (const action of this.#waiting.get(socket)?.splice(0) ?? []) action();
  }

  #enter(socket: Socket, action: () => void): void {
    const waiting = this.#waiting.get(socket);
    if (waiting !== undefined) {
      waiting.push(action);
      return;
    }
    this.#waiting.set(socket, []);
    action();
  }

  #next(socket: Socket): void {
    const action = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
    if (action === undefined) this.#waiting.delete(socket);
    else action();
  }
}
