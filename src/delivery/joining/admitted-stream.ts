/**
 * Has the cohort that a stream joins, and the position at which it begins to read. A gateway makes it, and the
 * {@link CohortSource} of the same process reads it. All code in between passes it on unread.
 */
export abstract class JoinTicket {
  /** Without its own member, any object has the type of a ticket. */
  protected readonly isTicket = true;
}

declare const admittedBrand: unique symbol;

/** A stream that asks to be opened. */
export interface JoiningStream {
  readonly ticket: JoinTicket;
  /** The stream is closed no later than this, in milliseconds since 1970. Undefined: it has no end of its own. */
  readonly expiresAtMs: number | undefined;
  /** Called when the stream is opened. The function that it returns is called once, when the stream has ended. */
  readonly opened?: (() => () => void) | undefined;
}

/**
 * A stream that a gateway has admitted: the only kind that {@link Fanout.open} accepts. The `admit` of a gateway passes it
 * to a callback that opens it at once: the limits count open streams.
 */
export type AdmittedStream<S extends JoiningStream = JoiningStream> = S & { readonly [admittedBrand]: true };

/** Marks a stream as admitted. Only the `admit` of a gateway calls this, after it has checked the limits. */
export function admitStream<S extends JoiningStream>(stream: S): AdmittedStream<S> {
  return stream as AdmittedStream<S>;
}
