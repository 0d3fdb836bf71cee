/**
 * Says which cohort a stream joins, and where it begins to read. A gateway makes it, and the {@link CohortSource} of
 * the same process reads it. All code in between passes it on unread.
 */
export abstract class JoinTicket {
  /** Without a member of its own, any object would pass for a ticket. */
  protected readonly isTicket = true;
}
