import { setTimeout as delay } from "node:timers/promises";
import { PharosError } from "../base/errors.js";

export interface Post {
  readonly url: string;
  readonly type: string;
  readonly body: string;
  readonly token?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Milliseconds for all of it, attempts to connect included. */
  readonly timeoutMs: number;
}

/** What the server answered. */
export interface Posted {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** When to ask again, in milliseconds; undefined where the server does not say. */
  readonly retryAfterMs?: number | undefined;
}

/** An answer has a few hundred bytes for each id. */
const maxAnswerBytes = 4 * 1024 * 1024;
const retryMs = 100;
/**
 * No attempt after a refused one begins with less time than this left, or a quarter of all where that is less: cut
 * short, it could not tell a hub that is not there from one that has taken the request. A refusal takes a few
 * milliseconds here, on a busy machine a hundred.
 */
const lastAttemptMs = 500;

/** Nobody has seen the request when one of these is why it failed, so that it can be sent again. */
const notSent: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);

/** The request was not carried out, and may be repeated after the time that the server names [RFC 9110 10.2.3]. */
const notYet: ReadonlySet<number> = new Set([429, 503]);

/**
 * Posts, and reads the answer. While nothing listens there it tries again, as a hub that is just starting anew may
 * soon, until half a second before the time is up, and as often as the server says when; a request that may have been
 * carried out is never repeated. Redirects are answers: a token is for one place.
 *
 * @throws PharosError `unreachable` when no connection could be made, `not-taken` when the answer did not come in
 *   time or the connection broke, and it is not known whether the request was carried out
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
      if (cause.code === undefined || !notSent.has(cause.code)) throw failure(request, cause, signal.aborted);
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
  if (idempotencyKey !== undefined) headers.set("Idempotency-Key", idempotencyKey);
  const response = await fetch(url, { method: "POST", body, headers, signal, redirect: "manual" });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "",
    text: await readText(response),
    retryAfterMs: parseSeconds(response.headers.get("retry-after")),
  };
}

/** The other form of `Retry-After`, a date, is for minutes and hours. */
function parseSeconds(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error("the answer is larger than 4 MiB");
  }
  return Buffer.concat(chunks).toString();
}

interface Cause {
  readonly code: string | undefined;
  readonly message: string;
  readonly error: unknown;
}

/** `fetch` says only that it failed; its cause says why. */
function causeOf(error: unknown): Cause {
  const inner = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  const given: unknown = inner instanceof Error && "code" in inner ? inner.code : undefined;
  const code = typeof given === "string" ? given : undefined;
  // Where a name has several addresses, the error for all of them has no message.
  const message = inner instanceof Error && inner.message !== "" ? inner.message : String(code ?? inner);
  return { code, message, error };
}

function failure(request: Post, cause: Cause, timedOut: boolean): PharosError {
  const place = new URL(request.url).origin;
  const options = { cause: cause.error };
  const seconds = request.timeoutMs / 1000;
  const unknown = "whether it took the publication is not known";
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

/** True when it failed before a request could be sent. What `fetch` itself will not do, as a port of its list, has no code. */
function isConnecting({ code, error }: Cause): boolean {
  if (code === undefined) return error instanceof TypeError;
  return notSent.has(code) || code === "ENOTFOUND" || isCertificate(code);
}

function isCertificate(code: string): boolean {
  return /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO/.test(code);
}
