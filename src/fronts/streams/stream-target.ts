import type { EndReason } from "../../delivery/joining/open-stream.js";

/** The place where the bytes of one stream go: a socket, or a part of one. */
export interface StreamTarget {
  /**
   * Writes bytes after those that were written before. Returns true if the system has accepted all of them. Otherwise the
   * target calls `Fanout.drained` when it has, unless the client leaves first.
   */
  write(body: Buffer): boolean;
  /** What this target shares with others, such as a socket. Undefined if it shares nothing. */
  readonly group: object | undefined;
  /** As {@link Channel.sentBytes}; undefined if only the system knows. */
  readonly sentBytes: number | undefined;
  /** True if the client has to read before everything that was written can leave this process. */
  readonly isHeldUp: boolean;
  /** Ends the stream in order: the client still gets everything that was written, and then `last`. */
  end(reason: EndReason, last: Buffer): void;
  /** Ends the stream at once. Bytes that were written may be lost. */
  cut(): void;
}

/**
 * Targets that share sockets: they collect what is written in a turn of the event loop, and write it together at its end,
 * or when the channel asks for it.
 */
export interface SharedTargets {
  /**
   * Writes what was collected, until `isUsedUp` returns true or nothing is left. Returns false if something is left.
   */
  flush(isUsedUp: () => boolean): boolean;
}
