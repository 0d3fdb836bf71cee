import { fieldsOf, parseJson } from "./json.js";
import { StreamFailure } from "./transport.js";

const refusedName = "StreamRefusedError";

/** The server's answer says that to ask again would not help: a 204, or a 4xx other than 408 and 429. */
export class StreamRefusedError extends Error {
  override readonly name: string = refusedName;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** What the server said, shortened; may be empty. */
  readonly reason: string;

  /** Also of another copy of this library: the files that a page loads when they are needed have their own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === refusedName;
  }

  constructor(status: number, reason: string) {
    super(`the server refused the stream with status ${status}${reason === "" ? "" : `: ${reason}`}`);
    this.status = status;
    this.reason = reason;
  }
}

/** No server is obeyed that asks for a longer wait than this, in milliseconds: it might have meant a date. */
const maxRetryAfterMs = 300_000;

/** What an answer that is no stream means. Reads its body for the reason; never throws. */
export async function refusalOf(response: Response): Promise<StreamRefusedError | StreamFailure> {
  const { status, headers } = response;
  const isFinal = status === 204 || (status >= 400 && status < 500 && status !== 408 && status !== 429);
  const reason = await reasonOf(response);
  if (isFinal) return new StreamRefusedError(status, reason);
  const seconds = Number(headers.get("retry-after") ?? 0);
  const retryAfterMs = Math.min(maxRetryAfterMs, Number.isFinite(seconds) ? seconds * 1000 : 0);
  return new StreamFailure(`the server answered with status ${status}`, { isReached: true, retryAfterMs });
}

/** The reason in a refusal's problem+json [RFC 9457], or its text, shortened. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return text.slice(0, 200).trim();
  const { title, detail = title } = fieldsOf(parseJson(text));
  return typeof detail === "string" ? detail.slice(0, 200) : "";
}
