import { eventStreams } from "./event-streams.js";
import { poll } from "./polls.js";
import { pushStreams } from "./push-stream.js";
import type { Transport } from "./transport.js";
import { webSocket } from "./web-socket.js";

/** Every way to follow topics. */
export const transports: readonly Transport[] = [...eventStreams, webSocket, poll, ...pushStreams];

/** For tests of each, with its name first. */
export const eachTransport = transports.map((transport) => [transport.name, transport] as const);

/**
 * Does this with every one of them at the same time, for what is mostly waiting; returns what came of each by its name.
 * Rejects with what went wrong with the first.
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

/** The same for every one of them, as {@link withEach} returns it. */
export function forEach<T>(some: readonly Transport[], value: T): Readonly<Record<string, T>> {
  return Object.fromEntries(some.map(({ name }) => [name, value]));
}
