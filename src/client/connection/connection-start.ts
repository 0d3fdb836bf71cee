import type { Transports } from "../transports/transport.js";
import type { FeedEvents } from "./feed.js";
import type { StreamAttempt } from "./stream-attempt.js";
import type { Tokens } from "./tokens.js";

/** The initial state of a connection: its filters, its position, and the receiver of its events. */
export interface ConnectionStart {
  readonly filters: readonly string[];
  /** `""` means none. */
  readonly lastEventId: string;
  readonly events: FeedEvents;
}

/** A connection that has started. The code of the main file changes it until the code of StreamLoop has loaded. */
export interface StartedConnection extends Omit<ConnectionStart, "lastEventId"> {
  /** The best transport first. */
  readonly transports: Transports;
  readonly tokens: Tokens;
  readonly attempt: StreamAttempt;
  /** Closes the connection. The reason of the signal is the error of pending changes. */
  readonly closing: AbortController;
  /** The position to resume from. `""` means none. */
  lastEventId: string;
  /** The last value of `retry:`, in milliseconds. */
  retryMs?: number | undefined;
  /** The end of the last stream, or the start of the first attempt; undefined while a stream is open. */
  awaySinceMs?: number | undefined;
}
