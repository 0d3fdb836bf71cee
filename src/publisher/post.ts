import { setTimeout as delay } from "node:timers/promises";
import { PharosError } from "../base/errors.js";

export interface Post {
  readonly url: string;
  readonly type: string;
  readonly body: string;
  readonly token?: string | undefined;
  /** A Pharos hub publishes requests with the same key once. Other hubs ignore the key. */
  readonly idempotencyKey: string;
  /** True if the server is a Pharos hub for certain. Then the request is sent again also after the connection broke. */
  readonly isRepeatable: boolean;
  /** The time-out in milliseconds, including all attempts to connect. */
  readonly timeoutMs: number;
}

/** The response of the server. */
export interface Posted {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The time until a retry, in milliseconds; undefined if the response has no such time. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The largest response that the publisher reads, in bytes. A response has at most a few hundred bytes for each event
 * id.
 */
const maxAnswerBytes = 4 * 1024 * 1024;
const retryMs = 100;
/**
 * The publisher retries only if at least this time is left, in milliseconds, or a quarter of the time-out if a quarter
 * is less. With less time, the time-out could end the retry before the connection is refused. The publisher could then
 * not know whether the hub has received the request. A connection is refused within a few milliseconds, or within about
 * 100 ms on a busy machine.
 */
const lastAttemptMs = 500;

/** With these error codes, no server has received the request, so the publisher can send the request again. */
const notSent: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);

/**
 * With these statuses, the server did not process the request, or a Pharos hub did not process it in time and will
 * recognize its key. The publisher sends the request again after the time in `Retry-After` [RFC 9110 10.2.3].
 */
const notYet: ReadonlySet<number> = new Set([429, 503]);

/**
 * Sends a POST request and reads the response.
 *
 * - If the connection is refused, the function retries until half a second before the time-out, because the hub may be
 *   restarting.
 * - If the server answers 429 or 503 with `Retry-After`, the function retries after that time.
 * - If the connection breaks, the server may have executed the request. The function sends the request again only if
 *   the request is repeatable.
 * - The function does not follow redirects, because the token is only for this URL.
 *
 * @throws PharosError `unreachable` when no connection could be opened
 * @throws PharosError `not-taken` when the response did not arrive in time or the connection broke: the outcome is then
 *   unknown
 */
export async function post(request: Post): Promise<Posted> {
  const signal = AbortSignal.timeout(request.timeoutMs);
  const endsAtMs = performance.now() + request.timeoutMs;
  for (;;) {
    try {
      const answer = await attempt(request, signal);
      const { status, retryAfterMs = Number.POSITIVE_INFINITY } = answer;
      if (!notYet.has(status) || retryAfterMs > endsAtMs - performance.now()) return answer;
      await delay(retryAfterMs, undefined, { signal });
    } catch (error) {
      const cause = causeOf(error);
      const isUnsent = cause.code !== undefined && notSent.has(cause.code);
      const mayRepeat = isUnsent || (request.isRepeatable && !signal.aborted && !isConnecting(cause));
      if (!mayRepeat) throw failure(request, cause, signal.aborted);
      const leftMs = endsAtMs - performance.now() - retryMs;
      if (leftMs < Math.min(lastAttemptMs, request.timeoutMs / 4)) throw failure(request, cause, false);
      await delay(retryMs);
    }
  }
}

async function attempt(request: Post, signal: AbortSignal): Promise<Posted> {
  const { url, type, body, token, idempotencyKey } = request;
  const headers = new Headers({ "Content-Type": type });
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  headers.set("Idempotency-Key", idempotencyKey);
  const response = await fetch(url, { method: "POST", body, headers, signal, redirect: "manual" });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    text: await readText(response),
    retryAfterMs: parseSeconds(response.headers.get("retry-after")),
  };
}

/**
 * Reads `Retry-After` in seconds. Ignores the other form of this header, a date, because servers use dates for waits of
 * minutes and hours.
 */
function parseSeconds(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error("the response is larger than 4 MiB");
  }
  return Buffer.concat(chunks).toString();
}

interface Cause {
  readonly code: string | undefined;
  readonly message: string;
  readonly error: unknown;
}

/**
 * The message of an error from `fetch` says only that the request failed. The `cause` of the error contains the reason.
 */
function causeOf(error: unknown): Cause {
  const inner = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  const given: unknown = inner instanceof Error && "code" in inner ? inner.code : undefined;
  const code = typeof given === "string" ? given : undefined;
  // If a host name has several addresses, the error for all addresses has no message.
  const message = inner instanceof Error && inner.message !== "" ? inner.message : String(code ?? inner);
  return { code, message, error };
}

function failure(request: Post, cause: Cause, timedOut: boolean): PharosError {
  const place = new URL(request.url).origin;
  const options = { cause: cause.error };
  const seconds = request.timeoutMs / 1000;
  const unknown = "it is unknown whether the hub accepted the publication";
  if (timedOut)
    return new PharosError("not-taken", `${place} did not answer within ${seconds} s; ${unknown}`, options);
  if (isConnecting(cause))
    return new PharosError("unreachable", `${place} cannot be reached: ${cause.message}`, options);
  return new PharosError(
    "not-taken",
    `the connection to ${place} broke (${cause.message}); ${unknown}`,
    options,
  );
}

/**
 * True if the connection failed before a request was sent. An error without a code is from `fetch` itself, for example
 * if `fetch` blocks the port.
 */
function isConnecting({ code, error }: Cause): boolean {
  if (code === undefined) return error instanceof TypeError;
  return notSent.has(code) || code === "ENOTFOUND" || isCertificate(code);
}

function isCertificate(code: string): boolean {
  return /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO/.test(code);
}
