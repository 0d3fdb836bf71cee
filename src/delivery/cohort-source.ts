import type { Batch } from "../hub/cohort.js";
import type { Page, PageLimits, PendingPage, ReadState } from "../hub/history-page.js";
import type { Offset } from "../hub/publications/position.js";
import type { JoinTicket } from "./joining/admitted-stream.js";

/** The interface of a cohort for its rounds and readers. Its hub is in this process or in another. */
export interface FanoutCohort {
  /** The number of its connections, members or not. */
  readonly connections: number;
  /** Every entry up to this offset is in a round, or was never pending here. */
  readonly horizon: Offset;
  readonly hasPending: boolean;
  /** While `listening`, publications are kept for the next round. Otherwise none are. */
  listen(listening: boolean): void;
  /** Returns the bytes of the next round, once: at most `maxBytes`, or one event. Undefined if nothing is pending. */
  nextBatch(maxBytes: number): Batch | undefined;
  /**
   * The next page for a reader; pending if a slower store, or another process, has to send it. Readers with the same
   * state and limits get the same Buffer.
   */
  page(state: ReadState, limits: PageLimits): Page | PendingPage;
  /** The heartbeat that keeps quiet streams alive. */
  heartbeat(): Buffer;
  /** Makes publishers wait for this cohort's clients, or no longer. */
  hold(on: boolean): void;
  /** Removes one connection. */
  leave(): void;
}

/** A stream's cohort, and the state in which it begins to read. */
export interface JoinedCohort {
  readonly cohort: FanoutCohort;
  readonly read: ReadState;
}

/** The source of a fan-out's cohorts. It throws on a ticket for another source. */
export interface CohortSource {
  /**
   * Call it once. `wake` is then called for each cohort with pending entries, or whose horizon has moved. It must not
   * call back.
   */
  attach(wake: (cohort: FanoutCohort) => void): void;
  /** Adds one connection; {@link FanoutCohort.leave} undoes it. All connections of a cohort get the same object. */
  join(ticket: JoinTicket): JoinedCohort;
  /** The same for a stream from another cohort, with its state of reading there. */
  move(ticket: JoinTicket, read: ReadState): JoinedCohort;
}
