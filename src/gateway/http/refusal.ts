import type { ErrorCode } from "../../base/errors.js";

/** A refusal, without the details that its client must not learn. Each protocol renders it in its own form. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** The fault and the allowed values. */
  readonly detail: string;
  /** The seconds until a retry can succeed; undefined if that is unknown or never. */
  readonly retryAfterSeconds: number | undefined;
  /** The URI under which the log has the refusal; undefined if it is not logged. */
  readonly id: string | undefined;
  /** The error. Only renderers that know its class may read it: its other details are for the log. */
  readonly cause: unknown;
}
