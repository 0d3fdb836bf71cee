import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { declaredDeliveryLimits } from "../../../limits/delivery.js";
import type { LinkEvents } from "./events.js";

/** Limits of one link. `windowBytes` is a setting; the others are fixed, for the reasons below. */
export interface LinkLimits {
  /**
   * Body bytes times members of one window: Mongrel2 copies the body for each connection. @default that of the settings
   */
  readonly windowBytes: number;
  /** Messages in one window. @default 2,000 */
  readonly windowMessages: number;
  /** The limit of frames before the server subscribes; the link drops and counts further ones. @default 10,000 */
  readonly heldFrames: number;
  /** Bytes of these frames. @default 16,777,216 */
  readonly heldBytes: number;
  /** Frames that wait in the receiving socket; beyond them the server has to wait. @default 100,000 */
  readonly receivedFrames: number;
  /** The limit of ids in the record; the link cannot free further streams after a crash. @default 1,000,000 */
  readonly recordedIds: number;
  /** The time that every fence has, in milliseconds. @default 2,000 */
  readonly fenceMs: number;
  /**
   * The lowest rate at which a healthy server copies bodies; a fence has more time for larger windows. @default
   * 20,000,000
   */
  readonly fenceBytesPerSecond: number;
  /** After this time without credits they count as lost, in milliseconds. @default 30,000 */
  readonly creditMs: number;
  /**
   * The same for a connection with at most `creditRetryBytes` unwritten, which can take more. @default 2,000
   */
  readonly creditRetryMs: number;
  /**
   * See `creditRetryMs`. With one more delivery of 64 KiB, the unwritten bytes stay below the server's 100 KiB.
   * @default 32,768
   */
  readonly creditRetryBytes: number;
  /**
   * The same for credits that a broken connection may have lost, from the next fence on. The server may close slow
   * clients that count as drained by mistake; they resume. @default 2,000
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
  // A message with 128 ids takes the handler task about a millisecond: a window takes two seconds at most.
  windowMessages: 2_000,
  heldFrames: 10_000,
  heldBytes: 16 * 1024 * 1024,
  // Ten credits notices for each of 10,000 connections.
  receivedFrames: 100_000,
  // An id takes 8 bytes of text: a file of 8 MB.
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
  /** The address at which the server binds PUSH: its `send_spec`, as seen from here. */
  readonly sendSpec: string;
  /** The address at which the server binds SUB: its `recv_spec`, as seen from here. */
  readonly recvSpec: string;
  /** The server's control port. Without it, streams of an earlier run can be freed only on `ipc` links. */
  readonly controlSpec?: string;
  /**
   * The file for open ids, so that after a crash no client stays on a dead stream. Without it they are kept in
   * memory.
   */
  readonly recordFile?: string;
  /**
   * The most ids that one message names: `limits.handler_targets` of the server. @default that of the settings
   */
  readonly targets?: number;
  /**
   * The time between keep-alive control messages, in milliseconds; 0 sends none. @default that of the settings
   */
  readonly keepAliveMs?: number;
  readonly limits?: Partial<LinkLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: LinkEvents;
}
