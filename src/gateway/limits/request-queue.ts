import { pipelinedRequests } from "./connection-limits.js";

/**
 * The requests of one connection. The hub answers the requests one at a time and in order. HTTP/1.1 lets a client
 * send a request before the responses to its earlier requests [RFC 9112 9.3.2].
 */
export class RequestQueue<R> {
  #waiting: R[] | undefined;
  #isBusy = false;

  /** True from {@link next} until {@link answered}. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** The requests that wait for earlier responses. */
  get waiting(): readonly R[] {
    return this.#waiting ?? [];
  }

  /** True if the queue is full: close the connection at the next request. */
  get isFull(): boolean {
    return this.waiting.length >= pipelinedRequests;
  }

  add(request: R): void {
    this.#waiting ??= [];
    this.#waiting.push(request);
  }

  /** The next request to answer; undefined while another request is being answered, or if no request waits. */
  next(): R | undefined {
    if (this.#isBusy) return undefined;
    const request = this.#waiting?.shift();
    this.#isBusy = request !== undefined;
    return request;
  }

  /** Call this method after a response. Then {@link next} may return the next request. */
  answered(): void {
    this.#isBusy = false;
  }

  /** Removes and returns the waiting requests. */
  clear(): readonly R[] {
    const cleared = this.waiting;
    this.#waiting = undefined;
    return cleared;
  }
}
