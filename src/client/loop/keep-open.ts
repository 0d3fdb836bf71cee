import type { OpenedStream } from "../transports/transport.js";
import type { ConnectionStart, StartedConnection } from "../connection/connection-start.js";
import { DesiredFilters } from "./desired-filters.js";
import { attemptWith } from "../connection/stream-attempt.js";
import { StreamLoop } from "./stream-loop.js";
import { StreamOpener } from "./stream-opener.js";

/**
 * Makes the loop that keeps a connection open.
 *
 * @param first the attempt that was made before; its stream may be open
 */
export function keepOpen(connection: StartedConnection, first?: Promise<OpenedStream>): StreamLoop {
  const { transports, tokens, attempt, filters } = connection;
  const opener = new StreamOpener({ transports, tokens, attempt, first, onBetter: () => loop.reopen() });
  const loop = new StreamLoop({ opener, desired: new DesiredFilters(filters), connection });
  return loop;
}

/** Starts the loop of a new connection, for a program that has all code of the library in one file. */
export function startLoop(
  settings: Pick<StartedConnection, "transports" | "tokens">,
  start: ConnectionStart,
): StreamLoop {
  const closing = new AbortController();
  const attempt = attemptWith(settings.tokens, closing.signal);
  const loop = keepOpen({ ...settings, ...start, closing, attempt });
  void loop.run();
  return loop;
}
