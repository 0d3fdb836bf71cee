/**
 * Says which cohort a stream joins, and from where it reads. A gateway makes it; the {@link CohortSource} of the same
 * process reads it. Everybody in between passes it on unread.
 */
export abstract class JoinTicket {
  /** Without a member of its own, any object would pass for a ticket. */
  protected readonly isTicket = true;
}
