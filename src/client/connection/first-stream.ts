import { startTimer } from "../transports/timer.js";
import {
  silentHeartbeats,
  withFirst,
  type ArrivalBatch,
  type OpenedStream,
} from "../transports/transport.js";
import { wait } from "../transports/wait.js";
import { reconnectDelayMs } from "./backoff.js";
import type { StartedConnection } from "./connection-start.js";
import { watchPage } from "./page-lifecycle.js";

/**
 * Opens a stream with the first transport, and reads it until `load` resolves or the stream ends. The returned stream
 * continues at the first batch that was not delivered.
 *
 * @throws StreamRefusedError or NoStreamError
 */
export async function readFirst(
  connection: StartedConnection,
  load: () => Promise<undefined>,
): Promise<OpenedStream> {
  const { attempt, transports, filters, lastEventId, events } = connection;
  connection.awaySinceMs ??= Date.now();
  events.state({ kind: "connecting" });
  const stream = await attempt(transports[0], { filters, added: [], lastEventId });
  connection.awaySinceMs = undefined;
  events.state({ kind: "open", transport: stream.transport });
  let { heartbeatMs } = stream;
  const loaded = load();
  const end = (reason: string): void => stream.close(new Error(reason));
  const ended = new AbortController();
  watchPage(({ wasOffline }) => wasOffline && end("the network was not available"), ended.signal);
  for (;;) {
    const reading = stream.next();
    const silenceMs = (heartbeatMs || Infinity) * silentHeartbeats;
    const stopTimer = startTimer(silenceMs, () => end("the stream was silent too long"));
    const result = await Promise.race([loaded, reading]);
    stopTimer();
    if (result?.kind !== "batch") {
      ended.abort();
      return { ...stream, ...withFirst(reading, stream.next), heartbeatMs };
    }
    heartbeatMs = result.heartbeatMs ?? heartbeatMs;
    connection.retryMs = result.retryMs ?? connection.retryMs;
    await deliver(connection, result);
  }
}

async function deliver(connection: StartedConnection, { arrivals }: ArrivalBatch): Promise<void> {
  for (const arrival of arrivals) {
    if (connection.closing.signal.aborted) return;
    connection.lastEventId = arrival.cursor;
    const room = connection.events.arrival(arrival);
    if (room) await room;
  }
}

/**
 * Waits after a stream that has ended, or an attempt that has failed. The wait ends when the page is visible again, the
 * network is available again, or the connection is closed.
 */
export async function waitAfter(connection: StartedConnection, reason: string): Promise<void> {
  const now = Date.now();
  const delayMs = reconnectDelayMs({
    reconnectionMs: connection.retryMs,
    awayMs: now - (connection.awaySinceMs ??= now),
    random: Math.random(),
  });
  connection.events.state({ kind: "waiting", delayMs, reason });
  const ended = new AbortController();
  const end = (): void => ended.abort();
  connection.closing.signal.addEventListener("abort", end, { signal: ended.signal });
  watchPage(end, ended.signal);
  await wait(delayMs, ended.signal);
  end();
}
