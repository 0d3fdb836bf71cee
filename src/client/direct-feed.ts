import type { ConnectionStart, StartedConnection } from "./connection/connection-start.js";
import type { Feed } from "./connection/feed.js";
import { readFirst, waitAfter } from "./connection/first-stream.js";
import { attemptWith } from "./connection/stream-attempt.js";
import type { Tokens } from "./connection/tokens.js";
import type { StreamLoop } from "./loop/stream-loop.js";
import type * as Fallbacks from "./pharos-client-fallbacks.js";
import { abortOf, reasonText, type OpenedStream, type Transports } from "./transports/transport.js";
import { wait } from "./transports/wait.js";

/** Loads the code that the first event does not need. */
export type LoadFallbacks = () => Promise<typeof Fallbacks>;

/** The settings that stay the same as long as a connection exists. */
export interface ConnectionSettings {
  readonly transports: Transports;
  readonly tokens: Tokens;
  readonly loadFallbacks: LoadFallbacks;
}

/** The pause before the code is requested again while the first stream is open, in milliseconds. */
const loadPauseMs = 30_000;

/** The time-out for loading the code while no stream is open, in milliseconds. */
const loadTimeoutMs = 10_000;

/**
 * A direct connection of this page to the hub. The connection starts after the current turn of the event loop. This
 * file opens the first stream, and reads it until the code of StreamLoop has loaded. StreamLoop then keeps the
 * connection open, and changes its filters. If the code cannot be loaded, this file tries both again.
 */
export function directFeed({ loadFallbacks, ...settings }: ConnectionSettings, start: ConnectionStart): Feed {
  const closing = new AbortController();
  const { signal } = closing;
  const attempt = attemptWith(settings.tokens, signal);
  const connection: StartedConnection = { ...settings, ...start, closing, attempt };
  let isChanged = false;
  let loaded: Promise<undefined> | undefined;
  const load = (): Promise<typeof Fallbacks | undefined> => loadFallbacks().catch(() => undefined);
  const untilLoaded = async (): Promise<undefined> => {
    while (!signal.aborted && !(await load())) await wait(loadPauseMs, signal);
  };
  const startLoop = async (): Promise<StreamLoop> => {
    // Listeners and changes of this turn come first.
    await Promise.resolve();
    for (;;) {
      signal.throwIfAborted();
      // A first request with changed filters needs the code of StreamLoop.
      const needsLoop = isChanged || start.filters.length === 0;
      const first = needsLoop ? undefined : readFirst(connection, () => (loaded ??= untilLoaded()));
      await first?.catch(() => undefined);
      const ended = new AbortController();
      const fallbacks = await Promise.race([load(), wait(loadTimeoutMs, ended.signal)]);
      ended.abort();
      if (fallbacks) return fallbacks.keepOpen(connection, first);
      isChanged = false;
      const reason = first ? await endOf(first) : "a file of the library cannot be loaded";
      signal.throwIfAborted();
      await waitAfter(connection, reason);
    }
  };
  const loop = Promise.race([startLoop(), abortOf(signal)]);
  loop.then(
    (each) => each.run(),
    () => undefined,
  );
  return {
    follow: async (filters) => {
      isChanged = true;
      return (await loop).follow(filters);
    },
    close: () => closing.abort(new Error("the connection is closed")),
  };
}

/** Closes a stream that has ended, and returns the reason of its end or of the failed attempt. */
async function endOf(first: Promise<OpenedStream>): Promise<string> {
  try {
    const stream = await first;
    stream.close();
    const end = await stream.next();
    return "reason" in end ? end.reason : "";
  } catch (error) {
    return reasonText(error);
  }
}
