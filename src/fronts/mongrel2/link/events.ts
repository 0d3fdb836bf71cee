import type { Mongrel2Request } from "../wire/request.js";

/** A frame that could not be read. It has an `id` if a client may wait for an answer. */
export interface MalformedFrame {
  readonly id?: number;
  readonly reason: string;
}

/**
 * The events of a link. The link calls them synchronously, one at a time, and never during a call of its owner. Ids are
 * valid until `down`; never use one after that, even if a new connection has the same number.
 */
export interface LinkEvents {
  /** A request. It comes only after `up`; the link drops requests of a lost connection. */
  request(request: Mongrel2Request): void;
  /** The connection is gone. May come for an unknown id, and twice for one id. */
  disconnected(id: number): void;
  /**
   * These connections can receive their next message. With a fence, it is called once for each message, with the very
   * array `targets.ids`, including connections that have gone since. With credits, it is called with the connections
   * that drained in this turn of the event loop and still exist.
   */
  drained(ids: readonly number[]): void;
  /** The server accepts messages: at the start and after each `down`. */
  up(): void;
  /** The server or the connection to it is lost, and all ids are invalid. Queued messages are dropped. */
  down(reason: string): void;
  /** A fence is late. Deliveries wait until `recovered`; at `down` the link drops them. */
  stuck(): void;
  /** The late fence has returned; no delivery was lost. */
  recovered(): void;
  /** The link has refused a frame, counted and logged it. If it has an id, answer 400 and close. */
  malformed(frame: MalformedFrame): void;
}
