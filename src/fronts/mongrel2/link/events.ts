import type { Mongrel2Request } from "../wire/request.js";

/** A frame that could not be read. `id` is there when a client may be waiting for an answer under it. */
export interface MalformedFrame {
  readonly id?: number;
  readonly reason: string;
}

/**
 * What a link tells its owner. All are called synchronously, one at a time, never from within a call of the owner
 * into the link. Ids hold until `down`: afterwards none of them may be used again, even if the same number returns.
 */
export interface LinkEvents {
  /** A request. Never before `up`; requests of a lost link are not reported. */
  request(request: Mongrel2Request): void;
  /** The connection is gone. May come for an id that is not known, and twice for one. */
  disconnected(id: number): void;
  /**
   * These connections can take their next message. By fence it is called once a message, with the very array
   * `targets.ids` that was delivered to, connections that have gone since included; by credits with whoever drained
   * during this turn of the event loop, and is still there.
   */
  drained(ids: readonly number[]): void;
  /** The server takes messages: at the start and after each `down`. */
  up(): void;
  /** The server or the connection to it is lost, with all ids. What was queued is dropped. */
  down(reason: string): void;
  /** A fence is late. What is delivered now waits; nothing is sent until `recovered` or `down`. */
  stuck(): void;
  /** The fence came back after all; nothing was lost. */
  recovered(): void;
  /** A frame was refused; with an id, answer 400 and close. Counted and logged already. */
  malformed(frame: MalformedFrame): void;
}
