import { isNoStream, noStream, StreamRefusedError } from "../messages/refusal.js";
import {
  abortOf,
  reasonText,
  type AttemptParameters,
  type OpenedStream,
  type Transport,
} from "../transports/transport.js";
import { startTimer } from "../transports/timer.js";
import type { Tokens } from "./tokens.js";

/**
 * The time-out for opening a stream, in milliseconds. A proxy may delay the response, or the browser may use a
 * kept-alive connection that is dead. After a network failure without an error, the browser may have several dead
 * connections.
 */
export const openTimeoutMs = 10_000;

/** The parameters of a stream, without the parts that each attempt has of its own. */
export type StreamParameters = Omit<AttemptParameters, "signal">;

/**
 * Makes one attempt to open a stream. Rejects with StreamRefusedError or NoStreamError.
 *
 * @param timeoutMs the default is {@link openTimeoutMs}
 */
export type StreamAttempt = (
  transport: Transport,
  parameters: StreamParameters,
  timeoutMs?: number,
) => Promise<OpenedStream>;

/** Makes the function that opens the streams of one connection. When `closing` aborts, all its streams end. */
export function attemptWith(tokens: Tokens, closing: AbortSignal): StreamAttempt {
  return async (transport, parameters, timeoutMs = openTimeoutMs) => {
    closing.throwIfAborted();
    const attempt = new AbortController();
    const { signal } = attempt;
    const close = (reason?: Error): void => attempt.abort(reason);
    closing.addEventListener("abort", () => close(), { signal });
    const stopTimer = startTimer(timeoutMs, () => close(noStream("no stream opened in time", "held")));
    const request = { ...parameters, signal };
    const opening = tokens.next().then((token) => transport.open({ ...request, token }));
    try {
      const { next } = await Promise.race([opening, abortOf(signal)]);
      return { next, transport: transport.name, heartbeatMs: transport.heartbeatMs, request, close };
    } catch (error) {
      close();
      throw error instanceof StreamRefusedError || isNoStream(error)
        ? error
        : noStream(reasonText(error), "network");
    } finally {
      stopTimer();
    }
  };
}
