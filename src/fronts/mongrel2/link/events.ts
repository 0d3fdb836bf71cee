import type { Mongrel2Request } from "../wire/request.js";

/** A frame that could not be read. `id` is set if a client may wait for an answer. */
export interface MalformedFrame {
  readonly id?: number;
  readonly reason: string;
  /** True if the frame is larger than the limit. */
  readonly isTooLarge?: boolean;
}

/**
 * The events of a link. The link calls these methods synchronously, one at a time, and never during a call of its
 * owner. Ids are valid until `down`. Never use an id after `down`, even if a new connection has the same number.
 */
export interface LinkEvents {
  /** A request has arrived. The link calls this method only between `up` and `down`, and drops other requests. */
  request(request: Mongrel2Request): void;
  /** The connection has ended. The link may call this method for an unknown id, and twice for one id. */
  disconnected(id: number): void;
  /**
   * The connections `ids` can receive their next message. The content of `ids` depends on the pacing of the link:
   * - With `fence`, the link calls this method once for each message, with the same array object as `targets.ids`. The
   *   array includes connections that have ended in the meantime.
   * - With `credits`, the link calls this method once per turn of the event loop. The array has the connections that
   *   drained in this turn and still exist.
   */
  drained(ids: readonly number[]): void;
  /** The server accepts messages now. The link calls this method at the start, and again after each `down`. */
  up(): void;
  /** The server, or the connection to the server, is lost, and all ids are invalid. Queued messages are dropped. */
  down(reason: string): void;
  /**
   * The server is late to acknowledge a fence. Deliveries wait until `recovered`; at `down` the link drops all waiting
   * deliveries.
   */
  stuck(): void;
  /** The server has acknowledged the late fence, and no delivery was lost. */
  recovered(): void;
  /**
   * The link has refused a frame, and has counted and logged the frame. If the frame has an id, the owner has to answer
   * 400 and close the connection.
   */
  malformed(frame: MalformedFrame): void;
}
