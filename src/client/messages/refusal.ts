import { objectFields, tryParseJson } from "./json.js";

/** The server's answer says that to ask again would not help: a 204, or a 4xx other than 408 and 429. */
export class StreamRefusedError extends Error {
  override readonly name: string = "StreamRefusedError";
  /** The HTTP status of the answer. */
  readonly status: number;
  /** What the server said, shortened; may be empty. */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`the server refused with status ${status}${reason && ": "}${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** Something answers, and serves no stream now: it may be asked again, and another transport may do better. */
export class UnservedError extends Error {
  /** The least wait that the server asked for, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(reason: string, retryAfterMs = 0) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No server is obeyed that asks for a longer wait than this, in milliseconds: it might have meant a date. */
const maxRetryAfterMs = 300_000;

/** What an answer that is no stream means. Reads its body for the reason; never throws. */
export async function refusalOfResponse(response: Response): Promise<StreamRefusedError | UnservedError> {
  const { status, headers } = response;
  if (status === 204 || (status >= 400 && status < 500 && status !== 408 && status !== 429))
    return new StreamRefusedError(status, await reasonOf(response));
  // A date is no number, and no wait.
  const retryAfterMs = Number(headers.get("retry-after")) * 1000 || 0;
  return new UnservedError(
    `the server answered with status ${status}`,
    Math.min(maxRetryAfterMs, retryAfterMs),
  );
}

/** The reason in a refusal's problem+json [RFC 9457], or its text, shortened. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
  const { title, detail = title ?? "" } = isJson ? objectFields(tryParseJson(text)) : { detail: text };
  return String(detail).slice(0, 200).trim();
}
