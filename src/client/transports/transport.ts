import type { Arrival, TransportName } from "../messages/item.js";
import { isNoStream } from "../messages/refusal.js";

/**
 * A stream counts as dead after a silence of this number of heartbeat intervals. Heartbeats may be late, because
 * the hub sends them in a round.
 */
export const silentHeartbeats = 2.5;

/** A request for a stream. */
export interface TransportRequest {
  readonly filters: readonly string[];
  /** Filters whose retained values the hub sends first, even if the stream resumes from a position. */
  readonly added: readonly string[];
  /** The position to resume from. `""` means none: the hub sends retained values first, then live events. */
  readonly lastEventId: string;
  readonly token: string | undefined;
  /** Ends the attempt, and the stream that the attempt opened. */
  readonly signal: AbortSignal;
}

/** Some received items, in order, and the stream settings that the server sent. */
export interface ArrivalBatch {
  readonly kind: "batch";
  readonly arrivals: readonly Arrival[];
  readonly retryMs?: number | undefined;
  readonly heartbeatMs?: number | undefined;
}

export interface StreamEnd {
  readonly kind: "end";
  /** A text for users and logs. */
  readonly reason: string;
  /** The minimum wait before the next attempt, in milliseconds. @default 0 */
  readonly retryAfterMs?: number;
}

/** An open stream. If the transport can be paused, the stream reads nothing before a call of `next`. */
export interface OpenStream {
  /** Waits for the next items. Call this method again after the promise has resolved. Never rejects. */
  readonly next: () => Promise<ArrivalBatch | StreamEnd>;
}

/** The parameters of an attempt. The token of each request is the current one. */
export type AttemptParameters = Omit<TransportRequest, "token">;

/** A stream that has opened, with the parameters of its request. */
export interface OpenedStream extends OpenStream {
  readonly transport: TransportName;
  readonly request: AttemptParameters;
  /** As {@link Transport.heartbeatMs}. */
  readonly heartbeatMs: number | undefined;
  /** @param reason the error with which a pending read ends */
  close(reason?: Error): void;
}

/** One transport for a stream. */
export interface Transport {
  readonly name: TransportName;
  /**
   * The heartbeat interval until the stream announces its own, in milliseconds. If undefined, a stream that announces
   * no interval may be silent forever.
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Resolves when the stream has opened: at the first bytes, because some proxies forward the head of a response and
   * hold its body.
   *
   * @throws StreamRefusedError if the hub refuses permanently. Throws NoStreamError for another response without a
   *   stream, and any other error if there is no response. Only StreamRefusedError is final: after any other error, a
   *   later attempt may succeed.
   */
  open(request: TransportRequest): Promise<OpenStream>;
}

/** Transports in the order in which the library tries them. */
export type Transports = readonly [Transport, ...Transport[]];

/** A stream whose first batch has been read, or is being read. */
export function withFirst(
  first: ArrivalBatch | ReturnType<OpenStream["next"]>,
  next: OpenStream["next"],
): OpenStream {
  const unread = [first];
  return { next: async () => unread.pop() ?? next() };
}

/** The end of a stream because of an error. */
export function endBy(error: unknown): StreamEnd {
  return { kind: "end", reason: reasonText(error), retryAfterMs: isNoStream(error) ? error.retryAfterMs : 0 };
}

/**
 * The message of the error's cause, or of the error itself. Node's fetch only says "fetch failed", and the cause
 * contains the reason.
 */
export function reasonText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

/** Rejects with the reason of the signal when it aborts. */
export function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
