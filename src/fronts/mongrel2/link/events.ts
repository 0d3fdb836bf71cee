import type { Mongrel2Request } from "../wire/request.js";

/** A frame that could not be read. The field `id` is set if a client may wait for an answer. */
export interface MalformedFrame {
  readonly id?: number;
  readonly reason: string;
}

/**
 * The events of a link. The link calls these methods synchronously, one at a time, and never during a call of its
 * owner. Ids are valid until `down`. Never use an id after `down`, even if a new connection has the same number.
 */
export interface LinkEvents {
  /** A request arrived. Called only after `up`. The link drops requests of a lost connection. */
  request(request: Mongrel2Request): void;
  /** The connection has ended. May be called for an unknown id, and twice for one id. */
  disconnected(id: number): void;
  /**
   * These connections can receive their next message. With a fence, the link calls the method once for each message,
   * with the same array object as `targets.ids`. The array includes connections that have ended in the meantime. With
   * credits, the link passes the connections that drained in this turn of the event loop and still exist.
   */
  drained(ids: readonly number[]): void;
  /** The server accepts messages: at the start and after each `down`. */
  up(): void;
  /** The server, or the connection to the server, is lost, and all ids are invalid. Queued messages are dropped. */
  down(reason: string): void;
  /** A fence is late. Deliveries wait until `recovered`; at `down` the link drops them. */
  stuck(): void;
  /** The late fence has returned, and no delivery was lost. */
  recovered(): void;
  /**
   * The link has refused a frame, and has counted and logged the frame. If the frame has an id, answer 400 and close
   * the connection.
   */
  malformed(frame: MalformedFrame): void;
}
