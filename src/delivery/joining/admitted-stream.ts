import type { Lifetime } from "../../base/lifetime.js";
import type { StreamOpened } from "./open-stream.js";

/**
 * A ticket contains the cohort that a stream joins, and the position at which the stream begins to read. A gateway
 * creates the ticket, and the {@link CohortSource} of the same process reads the ticket. All other code passes the
 * ticket on without reading the ticket.
 */
export abstract class JoinTicket {
  /** Makes the type distinct: without this member, any object has the type of a ticket. */
  protected readonly isTicket = true;
}

declare const admittedBrand: unique symbol;

/** A stream that asks to be opened. */
export interface JoiningStream {
  readonly ticket: JoinTicket;
  /**
   * The time at which the hub closes the stream at the latest, in milliseconds since 1970. Undefined if there is no
   * such time.
   */
  readonly expiresAtMs: number | undefined;
  /** Called when the stream is opened. The returned function is called once, when the stream has ended. */
  readonly opened?: StreamOpened | undefined;
}

/**
 * A stream that a gateway has admitted. {@link Fanout.open} accepts only admitted streams. The `admit` of a gateway
 * passes the stream to a callback. The callback opens the stream at once, because the limits count open streams.
 */
export type AdmittedStream<S extends JoiningStream = JoiningStream> = S & { readonly [admittedBrand]: true };

/**
 * Marks a stream as admitted. Only the `admit` of a gateway calls this function, after the gateway has checked the
 * limits.
 */
export function admitStream<S extends JoiningStream>(stream: S): AdmittedStream<S> {
  return stream as AdmittedStream<S>;
}

/**
 * The same stream, which calls the function from `opened` only after the end of the lifetime, even if the stream ends
 * earlier. A client's last messages need its filters and its place in the limits until they are handled.
 */
export function keptUntil<S extends JoiningStream>(
  lifetime: Lifetime,
  stream: AdmittedStream<S>,
): AdmittedStream<S> {
  const opened: StreamOpened = (end) => {
    const ended = stream.opened?.(end);
    return (reason) => {
      lifetime.onEnd(() => ended?.(reason));
    };
  };
  return { ...stream, opened };
}
