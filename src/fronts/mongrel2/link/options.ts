import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { declaredDeliveryLimits } from "../../../limits/delivery.js";
import type { LinkEvents } from "./events.js";
import type { ConnectLink } from "./sockets.js";

/**
 * Limits of one link. `windowBytes` is a setting. The other limits are fixed; {@link defaultLinkLimits} has the
 * reasons.
 */
export interface LinkLimits {
  /**
   * The limit of bytes that Mongrel2 copies for one window. Mongrel2 copies the body of a message for each of its
   * connections. @default that of the settings
   */
  readonly windowBytes: number;
  /** The limit of messages in one window. @default 2,000 */
  readonly windowMessages: number;
  /**
   * The limit of frames that the link keeps before the server subscribes. The link drops and counts further frames.
   * @default 10,000
   */
  readonly heldFrames: number;
  /** The limit for the bytes of the frames that the link keeps before the server subscribes. @default 16,777,216 */
  readonly heldBytes: number;
  /** The limit of frames in the receiving socket. At this limit the server has to wait. @default 100,000 */
  readonly receivedFrames: number;
  /**
   * The limit of ids in the record. After a crash, the link cannot close the connections of streams above this limit.
   * @default 1,000,000
   */
  readonly recordedIds: number;
  /** The time-out of a fence, in milliseconds. @default 2,000 */
  readonly fenceMs: number;
  /**
   * The lowest rate at which a healthy server copies bodies, in bytes per second. The fence of a large window gets a
   * longer time-out, computed with this rate.
   * @default 20,000,000
   */
  readonly fenceBytesPerSecond: number;
  /** After this time without credits, the credits count as lost, in milliseconds. @default 30,000 */
  readonly creditMs: number;
  /**
   * Like `creditMs`, but for a connection with at most `creditRetryBytes` of unwritten data, which can accept another
   * delivery. @default 2,000
   */
  readonly creditRetryMs: number;
  /**
   * The size for `creditRetryMs`, in bytes. With one more delivery of 64 KiB, the unwritten data stays below 100 KiB,
   * the server's limit.
   * @default 32,768
   */
  readonly creditRetryBytes: number;
  /**
   * Like `creditMs`, but for credits that may be lost because the TCP connection for notices broke. The time starts at
   * the next fence. If a slow client counts as drained by mistake, the server may close its connection, and the client
   * resumes. @default 2,000
   */
  readonly lostCreditMs: number;
  /** The longest time that `close` waits for queued messages, in milliseconds. @default 5,000 */
  readonly closeMs: number;
  /**
   * The longest time that `close` then waits for clients to read their last bytes, in milliseconds. The server closes
   * the connection of a slower client when the next hub starts. @default 2,000
   */
  readonly lastBytesMs: number;
  /** The time for the control port to answer, in milliseconds. @default 2,000 */
  readonly controlMs: number;
  /**
   * The time during which the link looks for orphans of an earlier run, from the moment when the link is up, in
   * milliseconds. @default 180,000
   */
  readonly orphanMs: number;
}

export const defaultLinkLimits: LinkLimits = Object.freeze({
  windowBytes: declaredDeliveryLimits.mongrel2WindowBytes.default,
  // The handler task needs about a millisecond for a message with 128 ids, so a window needs two seconds at most.
  windowMessages: 2_000,
  heldFrames: 10_000,
  heldBytes: 16 * 1024 * 1024,
  // Enough for ten credits notices for each of 10,000 connections.
  receivedFrames: 100_000,
  // An id needs 8 bytes of text, so the file has at most 8 MB.
  recordedIds: 1_000_000,
  fenceMs: 2_000,
  fenceBytesPerSecond: 20_000_000,
  creditMs: 30_000,
  creditRetryMs: 2_000,
  creditRetryBytes: 32 * 1024,
  lostCreditMs: 2_000,
  closeMs: 5_000,
  lastBytesMs: 2_000,
  controlMs: 2_000,
  orphanMs: 180_000,
});

export interface LinkOptions {
  /** The name of the link in metrics and log lines. */
  readonly name: string;
  /** The address of the server's PUSH socket (its `send_spec`), as this machine reaches the address. */
  readonly sendSpec: string;
  /** The address of the server's SUB socket (its `recv_spec`), as this machine reaches the address. */
  readonly recvSpec: string;
  /**
   * The address of the server's control port. Without a control port, the link can close the connections of an earlier
   * run only if `recvSpec` is an `ipc` address.
   */
  readonly controlSpec?: string;
  /**
   * The file that records the ids of open streams, so that after a crash no client stays connected to a dead stream.
   * Without a file, the link keeps the ids in memory.
   */
  readonly recordFile?: string;
  /** The largest number of ids in one message: `limits.handler_targets` of the server. @default that of the settings */
  readonly targets?: number;
  /**
   * The time between keep-alive control messages, in milliseconds; 0 means no such messages. @default that of the
   * settings
   */
  readonly keepAliveMs?: number;
  readonly limits?: Partial<LinkLimits>;
  /** Connects the sockets. @default a pair of ZeroMQ sockets */
  readonly connect?: ConnectLink | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: LinkEvents;
}
