import type { Socket } from "node:net";

/** What becomes of a connection that is handed over: one of the two is called, once. */
export interface Fate {
  /** The worker had it, and it has closed. */
  readonly gone: () => void;
  /** The worker never got it, and nobody has read from it: another may have it. */
  readonly failed: () => void;
}

interface Sending {
  /** With this process's own descriptor. */
  readonly socket: Socket;
  readonly fate: Fate;
}

/**
 * The connections of one worker. Node sends the next handle when the one before is acknowledged, and forgets those that
 * wait when the process dies: no callback is called and their descriptors stay open. So they are kept here until they
 * are sent.
 */
export class WorkerConnections {
  readonly #sending = new Map<number, Sending>();
  /** Those that the worker has: of them nothing is kept but what is to be called at their end. */
  readonly #had = new Map<number, () => void>();
  #last = 0;

  /** Those that the worker has, and those on their way to it. */
  get size(): number {
    return this.#sending.size + this.#had.size;
  }

  /** One that is to be sent; its number, counted from 1 in the order of the calls. */
  add(socket: Socket, fate: Fate): number {
    this.#last += 1;
    this.#sending.set(this.#last, { socket, fate });
    return this.#last;
  }

  /** The worker has a descriptor of its own: this process's is closed, the connection is not. */
  sent(connection: number): void {
    const sending = this.#sending.get(connection);
    if (sending === undefined) return;
    this.#sending.delete(connection);
    this.#had.set(connection, sending.fate.gone);
    // This only closes the descriptor [libuv, uv__stream_close]; the worker's is of the same connection.
    sending.socket.destroy();
  }

  /** It could not be sent. */
  failed(connection: number): void {
    const sending = this.#sending.get(connection);
    this.#sending.delete(connection);
    sending?.fate.failed();
  }

  /** The worker says that it has closed. */
  gone(connection: number): void {
    this.sent(connection);
    const gone = this.#had.get(connection);
    this.#had.delete(connection);
    gone?.();
  }

  /** The worker has ended: what it had is gone, what had not been sent has failed. */
  end(): void {
    const had = [...this.#had.values()];
    const sending = [...this.#sending.values()];
    this.#had.clear();
    this.#sending.clear();
    for (const gone of had) gone();
    for (const { fate } of sending) fate.failed();
  }
}
