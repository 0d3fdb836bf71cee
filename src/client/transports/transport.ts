import type { Arrival, TransportName } from "../messages/item.js";

/** What a stream is asked for with. */
export interface TransportRequest {
  readonly filters: readonly string[];
  /** Those whose retained values come first although the stream resumes. */
  readonly added: readonly string[];
  /** `""` means none: retained values first, then what comes now. */
  readonly lastEventId: string;
  readonly token: string | undefined;
  /** Ends the attempt, and the stream that came of it. */
  readonly signal: AbortSignal;
}

/** Some of what came, in order; and what the server said about the stream, where it said so. */
export interface ArrivalBatch {
  readonly kind: "batch";
  readonly arrivals: readonly Arrival[];
  readonly retryMs?: number | undefined;
  readonly heartbeatMs?: number | undefined;
}

export interface StreamEnd {
  readonly kind: "end";
  /** For people. */
  readonly reason: string;
}

/** One stream that has begun. Nothing is read before it is asked for, where the transport allows. */
export interface OpenStream {
  /** What came next; call it again when it has settled. Never rejects. */
  readonly next: () => Promise<ArrivalBatch | StreamEnd>;
}

/** One way to carry a stream. */
export interface Transport {
  readonly name: TransportName;
  /**
   * Resolves when the stream has begun.
   *
   * @throws StreamRefusedError when the server will never serve it, UnservedError when it answers otherwise, and any other
   *   error when nothing answers: then it may be asked again
   */
  open(request: TransportRequest): Promise<OpenStream>;
}

/** In the order in which they are tried. */
export type Transports = readonly [Transport, ...Transport[]];

/** Node's fetch says "fetch failed" and puts what happened into the cause. */
export function reasonText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
