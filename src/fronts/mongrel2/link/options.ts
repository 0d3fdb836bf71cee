import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { declaredDeliveryLimits } from "../../../limits/delivery.js";
import type { LinkEvents } from "./events.js";

/** Limits of one link. `windowBytes` is a setting. The other limits are fixed, for the reasons below. */
export interface LinkLimits {
  /**
   * Body bytes times members of one window: Mongrel2 copies the body for each connection. @default that of the settings
   */
  readonly windowBytes: number;
  /** Messages in one window. @default 2,000 */
  readonly windowMessages: number;
  /** The limit of frames before the server subscribes. The link drops and counts further frames. @default 10,000 */
  readonly heldFrames: number;
  /** Bytes of these frames. @default 16,777,216 */
  readonly heldBytes: number;
  /** The limit of frames in the receiving socket. Above the limit the server has to wait. @default 100,000 */
  readonly receivedFrames: number;
  /** The limit of ids in the record. After a crash, the link cannot free streams above the limit. @default 1,000,000 */
  readonly recordedIds: number;
  /** The time-out of a fence, in milliseconds. @default 2,000 */
  readonly fenceMs: number;
  /**
   * The lowest rate at which a healthy server copies bodies. The time-out of a fence is longer for larger windows.
   * @default 20,000,000
   */
  readonly fenceBytesPerSecond: number;
  /** After this time without credits, the credits count as lost, in milliseconds. @default 30,000 */
  readonly creditMs: number;
  /** The same time for a connection with at most `creditRetryBytes` unwritten, which can accept more. @default 2,000 */
  readonly creditRetryMs: number;
  /**
   * See `creditRetryMs`. With one more delivery of 64 KiB, the unwritten bytes stay below the server's 100 KiB.
   * @default 32,768
   */
  readonly creditRetryBytes: number;
  /**
   * The same time for credits that may be lost with a broken connection, from the next fence on. The server may close
   * slow clients that count as drained by mistake. These clients resume. @default 2,000
   */
  readonly lostCreditMs: number;
  /** The longest time that `close` waits for queued messages, in milliseconds. @default 5,000 */
  readonly closeMs: number;
  /** The time for the control port to answer, in milliseconds. @default 2,000 */
  readonly controlMs: number;
  /** The time to look for orphans of an earlier run after the link is up, in milliseconds. @default 180,000 */
  readonly orphanMs: number;
}

export const defaultLinkLimits: LinkLimits = Object.freeze({
  windowBytes: declaredDeliveryLimits.mongrel2WindowBytes.default,
  // The handler task needs about a millisecond for a message with 128 ids, so a window needs two seconds at most.
  windowMessages: 2_000,
  heldFrames: 10_000,
  heldBytes: 16 * 1024 * 1024,
  // Ten credits notices for each of 10,000 connections.
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
  controlMs: 2_000,
  orphanMs: 180_000,
});

export interface LinkOptions {
  /** The name of the link in metrics and log lines. */
  readonly name: string;
  /** The address at which the server binds PUSH: its `send_spec`, as this machine reaches it. */
  readonly sendSpec: string;
  /** The address at which the server binds SUB: its `recv_spec`, as this machine reaches it. */
  readonly recvSpec: string;
  /** The server's control port. Without a control port, the link can free streams of an earlier run only over `ipc`. */
  readonly controlSpec?: string;
  /**
   * The file for open ids, so that after a crash no client stays on a dead stream. Without a file the ids are kept in
   * memory.
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
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: LinkEvents;
}
