import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestQueue } from "../../gateway/limits/request-queue.js";

/**
 * Handles the requests of each connection one at a time and in order. Node itself sends responses in order, but a
 * stream bypasses Node's response object and writes to the socket directly. Without this class, a stream could overtake
 * the response to an earlier request, such as a file that is still being read.
 */
export class Pipelining {
  readonly #onNext: (socket: Socket) => void;
  /** One queue for each connection with an unanswered request. Each entry is a function that handles one request. */
  readonly #queues = new WeakMap<Socket, RequestQueue<() => void>>();
  readonly #latest = new WeakMap<Socket, ServerResponse>();

  /** @param onNext called when {@link hasToWait} of the socket may have changed to false */
  constructor(onNext: (socket: Socket) => void) {
    this.#onNext = onNext;
  }

  /**
   * Calls `handle` when the earlier requests of this connection are answered: at once if there are none, and never if
   * the connection ends first. The request counts as answered when `response` is closed.
   */
  add(socket: Socket, response: ServerResponse, handle: () => void): void {
    this.#latest.set(socket, response);
    this.#enqueue(socket, () => {
      response.once("close", () => this.#next(socket));
      handle();
    });
  }

  /**
   * Call this method when the client sends bytes that are not a request. Calls `refuse` when the earlier requests are
   * answered. If the bytes are in the body of a request, the method calls `refuse` at once. If the response to that
   * request has begun, or requests wait in the queue, the method destroys the connection.
   */
  breakOff(socket: Socket, refuse: () => void): void {
    const latest = this.#latest.get(socket);
    // The front ignores all further bytes, so they need not wait. It would not notice the end of a connection whose
    // bytes wait.
    this.#latest.delete(socket);
    if (latest === undefined || latest.req.complete) this.#enqueue(socket, refuse);
    else if (latest.headersSent || this.waiting(socket) > 0) socket.destroy();
    else refuse();
  }

  /** True while a request of this connection is not answered. */
  isBusy(socket: Socket): boolean {
    return this.#queues.has(socket);
  }

  /**
   * True while the front has all bytes of an unanswered request. The next bytes are further requests, which would only
   * use memory.
   */
  hasToWait(socket: Socket): boolean {
    const latest = this.#latest.get(socket);
    if (latest === undefined || !this.isBusy(socket)) return false;
    return latest.req.complete || this.waiting(socket) > 0;
  }

  /** The number of requests of this connection that wait for the responses to earlier requests. */
  waiting(socket: Socket): number {
    return this.#queues.get(socket)?.waiting.length ?? 0;
  }

  /**
   * Call this method when a stream starts on the connection. The method handles the waiting requests at once, as
   * further requests on the connection of a stream.
   */
  release(socket: Socket): void {
    const waiting = this.#queues.get(socket)?.clear() ?? [];
    this.#latest.delete(socket);
    this.#queues.delete(socket);
    for (const handle of waiting) handle();
    this.#onNext(socket);
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
    this.#onNext(socket);
  }
}
