import type { Socket } from "node:net";
import type { AcceptedAt } from "../../fronts/listen/listener.js";

/** A connection that the hub's process has accepted, and has not read from. */
export interface Accepted {
  readonly socket: Socket;
  readonly at: AcceptedAt;
}

/** Callbacks for a connection that is passed to a worker. Exactly one of `closed` and `failed` is called, once. */
export interface HandOverCallbacks {
  /**
   * The worker has read the client's address from a PROXY header. Returns false if the connection must be cut. Absent
   * if the address was known before. Must not keep the socket alive.
   */
  readonly named?: (peer: string) => boolean;
  /** The worker had the connection, and the connection has closed. */
  readonly closed: () => void;
  /**
   * The worker never got the connection. Nothing was read from the connection, so another worker can get the
   * connection.
   */
  readonly failed: () => void;
}

interface Sending {
  /** The socket with this process's own descriptor. */
  readonly socket: Socket;
  readonly callbacks: HandOverCallbacks;
}

/**
 * The connections of one worker. Node sends a handle when the worker has acknowledged the previous handle. If the
 * process dies, Node forgets the waiting handles: Node calls no callback, and leaves the descriptors open. So this
 * class keeps sockets until they are sent.
 */
export class WorkerConnections {
  readonly #sending = new Map<number, Sending>();
  /** The connections that the worker has. The map keeps only the callback for the end of each connection. */
  readonly #had = new Map<number, () => void>();
  /** The callbacks of connections whose client is not known yet. */
  readonly #unnamed = new Map<number, NonNullable<HandOverCallbacks["named"]>>();
  #last = 0;

  /** The number of connections that the worker has, or that are being sent to the worker. */
  get size(): number {
    return this.#sending.size + this.#had.size;
  }

  /** Adds a connection that is to be sent, and returns its number, counted from 1. */
  add(socket: Socket, callbacks: HandOverCallbacks): number {
    this.#last += 1;
    this.#sending.set(this.#last, { socket, callbacks });
    return this.#last;
  }

  /** The worker has its own descriptor, so this process closes its copy. The connection stays open. */
  sent(connection: number): void {
    const sending = this.#sending.get(connection);
    if (sending === undefined) return;
    this.#sending.delete(connection);
    const { closed, named } = sending.callbacks;
    this.#had.set(connection, closed);
    if (named !== undefined) this.#unnamed.set(connection, named);
    // Closes only this descriptor [libuv, uv__stream_close]. The worker's descriptor is for the same connection.
    sending.socket.destroy();
  }

  /** The connection could not be sent. */
  failed(connection: number): void {
    const sending = this.#sending.get(connection);
    this.#sending.delete(connection);
    sending?.callbacks.failed();
  }

  /** The worker reports the client of a connection from a proxy. Returns false if the connection must be cut. */
  named(connection: number, peer: string): boolean {
    this.sent(connection);
    const named = this.#unnamed.get(connection);
    this.#unnamed.delete(connection);
    return named?.(peer) ?? true;
  }

  /** The worker reports that the connection has closed. */
  closed(connection: number): void {
    this.sent(connection);
    this.#unnamed.delete(connection);
    const closed = this.#had.get(connection);
    this.#had.delete(connection);
    closed?.();
  }

  /** The worker has ended: its connections have closed, and the unsent connections have failed. */
  end(): void {
    const had = [...this.#had.values()];
    const sending = [...this.#sending.values()];
    this.#had.clear();
    this.#unnamed.clear();
    this.#sending.clear();
    for (const closed of had) closed();
    for (const { callbacks } of sending) callbacks.failed();
  }
}
