import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { declaredDeliveryLimits } from "../../../limits/delivery.js";
import type { LinkEvents } from "./events.js";

/** What one link holds and how long it waits. Of these `windowBytes` is a setting; the others are fixed, with their reasons below. */
export interface LinkLimits {
  /** Body bytes times members of one window. Mongrel2 copies a body per connection. @default that of the settings */
  readonly windowBytes: number;
  /** Messages of one window. @default 2,000 */
  readonly windowMessages: number;
  /** Frames kept while the server has not subscribed; further ones are dropped and counted. @default 10,000 */
  readonly heldFrames: number;
  /** Bytes of those frames. @default 16,777,216 */
  readonly heldBytes: number;
  /** Frames that wait in the receiving socket before the server is held up. @default 100,000 */
  readonly receivedFrames: number;
  /** Ids that the record keeps; streams beyond are not freed after a crash. @default 1,000,000 */
  readonly recordedIds: number;
  /** Time a fence always has, in milliseconds. @default 2,000 */
  readonly fenceMs: number;
  /** The slowest that a healthy server copies bodies, which gives the fence more time. @default 20,000,000 */
  readonly fenceBytesPerSecond: number;
  /** How long credits are waited for before they count as lost, in milliseconds. @default 30,000 */
  readonly creditMs: number;
  /** The same for a connection with at most `creditRetryBytes` unwritten, which has room for more. @default 2,000 */
  readonly creditRetryMs: number;
  /** See `creditRetryMs`. With one more delivery of 64 KiB it stays below the server's 100 KiB. @default 32,768 */
  readonly creditRetryBytes: number;
  /**
   * The same for those that were under way when the connection that brings them broke, from the next fence on. Slow
   * clients that it takes for drained may be closed by the server, and resume. @default 2,000
   */
  readonly lostCreditMs: number;
  /** How long `close` waits for what is queued, in milliseconds. @default 5,000 */
  readonly closeMs: number;
  /** How long an answer of the control port may take, in milliseconds. @default 2,000 */
  readonly controlMs: number;
  /** How long streams of an earlier run are pursued after the link came up, in milliseconds. @default 180,000 */
  readonly orphanMs: number;
}

export const defaultLinkLimits: LinkLimits = Object.freeze({
  windowBytes: declaredDeliveryLimits.mongrel2WindowBytes.default,
  // A message of 128 ids costs the handler task a millisecond or so: two seconds' worth at most.
  windowMessages: 2_000,
  heldFrames: 10_000,
  heldBytes: 16 * 1024 * 1024,
  // One credits notice for each of 10,000 connections, ten times over.
  receivedFrames: 100_000,
  // 8 bytes of text an id: a file of 8 MB.
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
  /** Names the link in figures and log lines. */
  readonly name: string;
  /** Where the server binds PUSH: its `send_spec`, as reached from here. */
  readonly sendSpec: string;
  /** Where the server binds SUB: its `recv_spec`, as reached from here. */
  readonly recvSpec: string;
  /** Its control port. Without one, streams of an earlier run can be freed on `ipc` links only. */
  readonly controlSpec?: string;
  /** Where open ids are written down, so that a crash leaves no client deaf. Without one they are kept in memory. */
  readonly recordFile?: string;
  /** Most ids that one message names: `limits.handler_targets` of the server. @default that of the settings */
  readonly targets?: number;
  /** Time between keep-alive control messages, in milliseconds; 0 sends none. @default that of the settings */
  readonly keepAliveMs?: number;
  readonly limits?: Partial<LinkLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: LinkEvents;
}
