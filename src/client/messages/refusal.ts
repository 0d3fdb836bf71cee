/**
 * The hub refused the stream permanently. The library does not retry. Only the hub itself can refuse permanently: its
 * refusals are problem details with a request id. After any other answer, the library tries again.
 */
export class StreamRefusedError extends Error {
  override readonly name: string = "StreamRefusedError";
  /** The HTTP status of the response. */
  readonly status: number;
  /** The reason that the hub gave, at most 200 characters; may be empty. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`the server refused with status ${status}${reason && ": "}${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Why an attempt opened no stream.
 * - `held`: no data arrived in time.
 * - `busy`: the server is overloaded, or restarts.
 * - `foreign`: a response without a stream that is not from a hub.
 * - `network`: no response. Browsers also hide the responses to a WebSocket.
 * - `impossible`: the platform does not have this transport.
 */
export type Trouble = "held" | "busy" | "foreign" | "network" | "impossible";

/**
 * The error of an attempt that opened no stream. The library retries, and may change the transport. The error is not a
 * class, because the bundles of the library would each have a class of their own.
 */
export interface NoStreamError extends Error {
  readonly trouble: Trouble;
  /** The minimum wait from `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number;
}

export function noStream(reason: string, trouble: Trouble, retryAfterMs = 0): NoStreamError {
  return Object.assign(new Error(reason), { trouble, retryAfterMs });
}

export function isNoStream(error: unknown): error is NoStreamError {
  return error instanceof Error && "trouble" in error;
}

/** True for a StreamRefusedError of any of the library's files: each file has a class of its own. */
export function isRefused(error: unknown): error is StreamRefusedError {
  return error instanceof Error && "status" in error;
}
