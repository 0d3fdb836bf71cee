import { eventStreams } from "./event-streams.js";
import { poll } from "./polls.js";
import { pushStreams } from "./push-stream.js";
import type { Transport } from "./transport.js";
import { webSocket } from "./web-socket.js";

/** All transports. */
export const transports: readonly Transport[] = [...eventStreams, webSocket, poll, ...pushStreams];

/** The transports for `it.each`, with the name first. */
export const eachTransport = transports.map((transport) => [transport.name, transport] as const);

/**
 * Runs the function for all transports at the same time, because most of a test is waiting. Returns the results by
 * transport. Rejects with the first error.
 */
export async function withEach<T>(
  some: readonly Transport[],
  run: (transport: Transport) => Promise<T>,
): Promise<Readonly<Record<string, T>>> {
  const results = await Promise.all(
    some.map(async (transport) => {
      try {
        return [transport.name, await run(transport)] as const;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${transport.name}: ${why}`, { cause });
      }
    }),
  );
  return Object.fromEntries(results);
}

/** The same value for every transport, in the same form as the result of {@link withEach}. */
export function forEach<T>(some: readonly Transport[], value: T): Readonly<Record<string, T>> {
  return Object.fromEntries(some.map(({ name }) => [name, value]));
}
