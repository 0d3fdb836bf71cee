import type { Site } from "../site.js";
import type { Log, Place } from "./log.js";

/** The parameters of a client's request. */
export interface Following {
  /** Exact topics. */
  readonly filters: readonly string[];
  /** @default no position: live events, after retained values if the transport has them */
  readonly from?: Place | undefined;
  /** Filters that the client did not have at the position `from`. @default none */
  readonly added?: readonly string[] | undefined;
  /** @default none */
  readonly token?: string | undefined;
}

/** A change of the filters of an open stream. */
export interface Change {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

/** An open stream, or a sequence of polls, of one client. */
export interface Line {
  /** Stops reading and sending until {@link Line.resume}. */
  pause(): void;
  resume(): void;
  close(): void;
  /**
   * Sends a message, and resolves with its answer. Rejects if the hub refuses the message. `say` is undefined if the
   * transport has no messages.
   */
  readonly say?: (message: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Marks a promise that the transport does not make. The tests skip this promise. */
export const notInThisScheme = "not in this scheme";

type Scheme = "yes" | typeof notInThisScheme;

/** One way to follow topics. */
export interface Transport {
  readonly name: string;
  /** The bytes of a GET request. */
  request(following: Following): string;
  /**
   * Opens the stream. The log records when the hub has subscribed the client, and everything that the client receives.
   */
  open(site: Site, following: Following, log: Log): Promise<Line>;
  /** True if the hub writes to an open connection, so that a slow client can fall behind and be closed. */
  readonly isStream: boolean;
  /** The hub sends retained values first, to clients without a position and for added filters. */
  readonly retained: Scheme;
  /** Each publication has an event id, even if the publisher gave none. */
  readonly positions: Scheme;
  /** The filters appear in the list of active subscriptions. */
  readonly presence: Scheme;
}
