import type { Batch } from "../hub/cohort.js";
import type { Page, PageLimits, ReadState } from "../hub/history-page.js";
import type { Offset } from "../hub/publications/position.js";
import type { JoinTicket } from "./joining/join-ticket.js";

/**
 * A page that has to be asked for: calls `take` once, in a later turn; never when the hub is gone by then. What it
 * returns is called when the page is not wanted any more.
 */
export type PendingPage = (take: (page: Page) => void) => () => void;

/** A cohort as its rounds and readers see it: one of the hub in this process, or of a hub elsewhere. */
export interface FanoutCohort {
  /** Connections that hold it open, members or not. */
  readonly connections: number;
  /** Everything up to this offset has been given to rounds, or was never pending here. */
  readonly horizon: Offset;
  readonly hasPending: boolean;
  /** With a listener, what is published is kept for the next round; without one nothing is. */
  listen(listening: boolean): void;
  /** Gives the next round its bytes: at most `maxBytes`, or one event; undefined when nothing waits. */
  take(maxBytes: number): Batch | undefined;
  /** The next page for a reader, where the hub has to be asked. The same Buffer for all who ask for the same. */
  page(state: ReadState, limits: PageLimits): Page | PendingPage;
  /** What keeps its quiet streams alive. */
  heartbeat(): Buffer;
  /** Publishers are to wait for this cohort's clients, or no longer. */
  hold(on: boolean): void;
  /** One connection fewer. */
  leave(): void;
}

/** A stream's place: its cohort, and where it begins to read. */
export interface JoinedCohort {
  readonly cohort: FanoutCohort;
  readonly read: ReadState;
}

/** Where a fan-out gets its cohorts from. It throws on a ticket that was made for another source. */
export interface CohortSource {
  /**
   * To be called once: `wake` is told of each cohort that has something pending, or whose horizon has moved without; it
   * must not call back.
   */
  attach(wake: (cohort: FanoutCohort) => void): void;
  /** One more connection; undone by {@link FanoutCohort.leave}. The same object for all of a cohort. */
  join(ticket: JoinTicket): JoinedCohort;
  /** The same for a stream that comes from another cohort, where it stood at `read`. */
  move(ticket: JoinTicket, read: ReadState): JoinedCohort;
}
