import { objectFields, tryParseJson } from "./json.js";

/** The server refused the stream permanently: a 204, or a 4xx other than 408 and 429. The library does not retry. */
export class StreamRefusedError extends Error {
  override readonly name: string = "StreamRefusedError";
  /** The HTTP status of the response. */
  readonly status: number;
  /** The reason that the server gave, at most 200 characters; may be empty. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`the server refused with status ${status}${reason && ": "}${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** A response without a stream. The library retries, and may change the transport. */
export class UnservedError extends Error {
  /** The minimum wait from `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(reason: string, retryAfterMs = 0) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The longest `Retry-After` that the library obeys, in milliseconds. A larger number may be a Unix time that the server
 * sent by mistake.
 */
const maxRetryAfterMs = 300_000;

/** Makes the error for a response without a stream. Reads the reason from the body of the response; never throws. */
export async function refusalOfResponse(response: Response): Promise<StreamRefusedError | UnservedError> {
  const { status, headers } = response;
  if (status === 204 || (status >= 400 && status < 500 && status !== 408 && status !== 429))
    return new StreamRefusedError(status, await reasonOf(response));
  // If `Retry-After` is a date, the result is 0.
  const retryAfterMs = Number(headers.get("retry-after")) * 1000 || 0;
  return new UnservedError(
    `the server answered with status ${status}`,
    Math.min(maxRetryAfterMs, retryAfterMs),
  );
}

/** The reason in the body of an error response: `detail` of problem+json [RFC 9457], or plain text, shortened. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
  const { title, detail = title ?? "" } = isJson ? objectFields(tryParseJson(text)) : { detail: text };
  return String(detail).slice(0, 200).trim();
}
