import type { ErrorCode } from "../../base/errors.js";

/** A refusal, without the details that its client must not learn. Each protocol renders it in its own form. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** What was wrong and what is allowed. */
  readonly detail: string;
  /** When to try again, in seconds; undefined if that would not help, or is unknown. */
  readonly retryAfterSeconds: number | undefined;
  /** The URI under which the log has the refusal; undefined if it is not logged. */
  readonly id: string | undefined;
  /** What was thrown. Only renderers that know its class may read it: everything else in it is for the log. */
  readonly cause: unknown;
}
