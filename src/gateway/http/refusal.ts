import type { ErrorCode } from "../../base/errors.js";

/**
 * An error response as plain values, without the details that the client must not learn. Each protocol renders it in
 * its own form.
 */
export interface Refusal {
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** The text for the client: what was wrong, and the allowed values. */
  readonly detail: string;
  /**
   * The number of seconds after which this client may retry, spread over the clients ({@link spreadWait}). Undefined if the
   * time is unknown, or if no retry can succeed.
   */
  readonly retryAfterSeconds: number | undefined;
  /** The URI that identifies the error in the log; undefined if the error is not logged. */
  readonly id: string | undefined;
  /**
   * The original error, for renderers that know the error's class. Other renderers must not use this error: its
   * details are for the log only.
   */
  readonly cause: unknown;
}
