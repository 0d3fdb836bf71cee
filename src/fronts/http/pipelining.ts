import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestQueue } from "../../gateway/limits/request-queue.js";

/**
 * Handles the requests of each connection one at a time and in order. Node keeps the answers of its response objects in
 * order, but a stream writes to the socket itself, and could overtake a file that is still being read.
 */
export class Pipelining {
  /** For each connection with a request that is not answered; an entry is the call that handles one request. */
  readonly #queues = new WeakMap<Socket, RequestQueue<() => void>>();
  readonly #latest = new WeakMap<Socket, ServerResponse>();

  /**
   * Calls `handle` when the earlier requests of this connection are answered: now if there are none, never if the
   * connection ends before. The request counts as answered when `response` is closed.
   *
   * @returns false if too many requests wait already; then `handle` is never called
   */
  add(socket: Socket, response: ServerResponse, handle: () => void): boolean {
    if (this.#queues.get(socket)?.isFull === true) return false;
    this.#latest.set(socket, response);
    this.#enqueue(socket, () => {
      response.once("close", () => this.#next(socket));
      handle();
    });
    return true;
  }

  /**
   * Call it when the client sends bytes that are not a request. Calls `refuse` when the earlier requests are answered. If
   * the bytes are in the body of a request, it refuses that request at once; if its answer has begun or it still waits, it
   * destroys the connection.
   */
  breakOff(socket: Socket, refuse: () => void): void {
    const latest = this.#latest.get(socket);
    if (latest === undefined || latest.req.complete) this.#enqueue(socket, refuse);
    else if (latest.headersSent || this.waiting(socket) > 0) socket.destroy();
    else refuse();
  }

  /** True while a request of this connection is not answered. */
  isBusy(socket: Socket): boolean {
    return this.#queues.has(socket);
  }

  /** Requests of this connection that wait for the answers before them. */
  waiting(socket: Socket): number {
    return this.#queues.get(socket)?.waiting.length ?? 0;
  }

  /** Call it when a stream takes over the connection: it handles the waiting requests now, as further requests. */
  release(socket: Socket): void {
    this.#latest.delete(socket);
    for (const handle of this.#queues.get(socket)?.clear() ?? []) handle();
  }

  #enqueue(socket: Socket, handle: () => void): void {
    const queue = this.#queues.get(socket) ?? new RequestQueue();
    this.#queues.set(socket, queue);
    queue.add(handle);
    queue.next()?.();
  }

  #next(socket: Socket): void {
    const queue = this.#queues.get(socket);
    queue?.answered();
    const handle = socket.destroyed ? undefined : queue?.next();
    if (handle === undefined) this.#queues.delete(socket);
    else handle();
  }
}
