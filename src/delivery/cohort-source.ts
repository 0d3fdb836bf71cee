import type { Batch } from "../hub/cohort.js";
import type { Page, PageLimits, PendingPage, ReadState } from "../hub/history-page.js";
import type { Offset } from "../hub/publications/position.js";
import type { JoinTicket } from "./joining/admitted-stream.js";

/**
 * The interface of a cohort for its rounds and readers. The hub of the cohort is in this process or in another process.
 */
export interface FanoutCohort {
  /** The number of connections of the cohort: members and readers. */
  readonly connections: number;
  /** A round has taken every entry up to this offset, except the entries that were never pending in this cohort. */
  readonly horizon: Offset;
  readonly hasPending: boolean;
  /**
   * While `listening`, the cohort keeps publications for the next round. Otherwise the cohort keeps no publications.
   */
  listen(listening: boolean): void;
  /** Takes the bytes of the next round: at most `maxBytes`, or one event. Undefined if nothing is pending. */
  nextBatch(maxBytes: number): Batch | undefined;
  /**
   * The next page for a reader. The result is a {@link PendingPage} if a slower store, or another process, has to send
   * the page. Readers with the same state and limits get the same Buffer.
   */
  page(state: ReadState, limits: PageLimits): Page | PendingPage;
  /** The heartbeat that keeps quiet streams alive. */
  heartbeat(): Buffer;
  /** Tells a client the time after which it reconnects, in milliseconds. Empty if the format has no such time. */
  retry(ms: number): Buffer;
  /** Encodes a message in the format of the cohort as the bytes of one of its streams. */
  coded(message: Buffer): Buffer;
  /** After `hold(true)`, publishers wait for this cohort's clients until `hold(false)`. */
  hold(on: boolean): void;
  /** Removes one connection from the cohort. */
  leave(): void;
}

/** A stream's cohort, and the state in which the stream begins to read. */
export interface JoinedCohort {
  readonly cohort: FanoutCohort;
  readonly read: ReadState;
}

/** The source of a fan-out's cohorts. Its methods throw an Error for a ticket of another source. */
export interface CohortSource {
  /**
   * Call this once. The source then calls `wake` for each cohort that has pending entries or whose horizon has moved.
   * `wake` must not call the source.
   */
  attach(wake: (cohort: FanoutCohort) => void): void;
  /**
   * Adds one connection; {@link FanoutCohort.leave} removes the connection. All connections of a cohort get the same
   * cohort object.
   */
  join(ticket: JoinTicket): JoinedCohort;
  /** Adds a connection from another cohort. `read` is the connection's state in its previous cohort. */
  move(ticket: JoinTicket, read: ReadState): JoinedCohort;
}
