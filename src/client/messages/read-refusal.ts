import { objectFields, tryParseJson } from "./json.js";
import { noStream, type StreamRefusedError, type Trouble } from "./refusal.js";

/** What a response without a stream means. */
interface ErrorResponse {
  /** The reason in the body, at most 200 characters; may be empty. */
  readonly reason: string;
  /** True if the hub refuses the stream permanently. */
  readonly isFinal: boolean;
  readonly trouble: Trouble;
  /** The minimum wait from `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number;
}

/**
 * The longest `Retry-After` that the library obeys, in milliseconds. A larger number may be a Unix time that the server
 * sent by mistake.
 */
const maxRetryAfterMs = 300_000;

/** The largest part of an error response that the library reads, in characters. */
const maxBodyCharacters = 4096;

/** Statuses below 500 that a later request may not get. */
const temporary: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The error of a response without a stream; never throws. `refused` makes the error of a permanent refusal. It is from
 * the main bundle, because programs compare errors with the error classes of the main bundle.
 */
export async function responseError(
  response: Response,
  refused: (status: number, reason: string) => StreamRefusedError,
): Promise<Error> {
  const { status, headers, body } = response;
  if (status === 200) {
    // Some replacements of `fetch` have no body that can be read as a stream.
    if (!body) return noStream("fetch has no streams on this platform", "impossible");
    return noStream(
      `the server answered with content type "${headers.get("content-type") ?? ""}"`,
      "foreign",
    );
  }
  const { reason, isFinal, trouble, retryAfterMs } = await readRefusal(response);
  if (isFinal) return refused(status, reason);
  return noStream(
    `the server answered with status ${status}${reason && ": "}${reason}`,
    trouble,
    retryAfterMs,
  );
}

/**
 * Reads a response without a stream; never throws. A refusal is final only if it is problem details [RFC 9457] with an
 * `instance`, the request id that every refusal of a hub has.
 */
async function readRefusal(response: Response): Promise<ErrorResponse> {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const isProblem = /^application\/problem\+json\b/i.test(type);
  const isBusy = status >= 500 || temporary.has(status);
  const text = isProblem || /\bjson\b|^text\/plain\b/i.test(type) ? await beginningOf(response) : "";
  const problem = objectFields(tryParseJson(text));
  const { title, detail = title ?? (/json/i.test(type) ? "" : text), instance } = problem;
  return {
    reason: String(detail).slice(0, 200).trim(),
    isFinal: isProblem && typeof instance === "string" && status >= 400 && !isBusy,
    trouble: isBusy ? "busy" : "foreign",
    retryAfterMs: retryAfterMs(headers),
  };
}

/** `Retry-After` has a number of seconds, or a date by the clock of the server [RFC 9110 10.2.3]. */
function retryAfterMs(headers: Headers): number {
  const text = headers.get("retry-after") ?? "";
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Math.min(maxRetryAfterMs, Math.max(0, ms || 0));
}

/** Reads the first characters of a body, because a server between client and hub may send a body without an end. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    // Some replacements of `fetch` have no body that can be read as a stream.
    if (!response.body) return await response.text();
    const reader = response.body.getReader();
    while (text.length < maxBodyCharacters) {
      const { value } = await reader.read();
      if (value === undefined) return text;
      text += decoder.decode(value, { stream: true });
    }
    void reader.cancel();
  } catch {
    // The body broke off: the beginning is enough.
  }
  return text;
}
