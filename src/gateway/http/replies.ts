import { PharosError } from "../../base/errors.js";
import type { ErrorCode } from "../../base/errors.js";
import type { Headers, Reply } from "./messages.js";

/** The status of each refusal that a client can meet. No other file knows status numbers of errors. */
export const statusOf: Readonly<Partial<Record<ErrorCode, number>>> = Object.freeze({
  "bad-request": 400,
  "bad-filter": 400,
  "bad-topic": 400,
  "bad-event-id": 400,
  "bad-event-type": 400,
  "bad-retry": 400,
  "bad-publication": 400,
  "bad-mongrel2-request": 400,
  "bad-authorization": 400,
  unauthorized: 401,
  "invalid-token": 401,
  "insufficient-scope": 403,
  "forbidden-origin": 403,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "too-large": 413,
  "upgrade-required": 426,
  "unsupported-media-type": 415,
  "too-many-requests": 429,
  "too-many-streams": 429,
  "too-many-patterns": 429,
  "head-too-large": 431,
  internal: 500,
  "too-many-connections": 503,
  "too-many-subscriptions": 503,
  "too-many-bodies": 503,
  closed: 503,
});

const empty = Buffer.alloc(0);

/** Answers never belong in a cache, and browsers must not guess their type. */
const plainHeaders: Headers = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
];

/** A JSON answer. */
export function jsonReply(status: number, body: unknown, headers: Headers = []): Reply {
  return textReply({ status, type: "application/json", text: `${JSON.stringify(body)}\n`, headers });
}

/** An answer without a body. */
export function emptyReply(status: number, headers: Headers = []): Reply {
  return {
    kind: "reply",
    status,
    headers: [...plainHeaders, ...headers],
    contentLength: undefined,
    body: empty,
  };
}

/** What RFC 6750 3.1 calls each refusal; without a token there is nothing to call it. */
const challenges: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  unauthorized: "Bearer",
  "bad-authorization": 'Bearer error="invalid_request"',
  "invalid-token": 'Bearer error="invalid_token"',
  "insufficient-scope": 'Bearer error="insufficient_scope"',
});

function challengeOf(code: ErrorCode): Headers {
  const challenge = challenges[code];
  return challenge === undefined ? [] : [["WWW-Authenticate", challenge]];
}

/** What to ask for instead [RFC 9110 15.5.22, RFC 6455 4.2.2]. */
function upgradeFor(code: ErrorCode): Headers {
  return code === "upgrade-required"
    ? [
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Version", "13"],
      ]
    : [];
}

function retryAfter({ retryAfterSeconds }: PharosError): Headers {
  return retryAfterSeconds === undefined ? [] : [["Retry-After", String(retryAfterSeconds)]];
}

/**
 * A refusal as problem details [RFC 9457]: what was wrong and what is allowed, with the error's code; `id` is the URI
 * under which the log has it.
 */
export function problemReply(error: PharosError, headers: Headers = [], id?: string): Reply {
  const status = statusOf[error.code] ?? 500;
  const instance = id === undefined ? {} : { instance: id };
  const problem = { type: "about:blank", title: error.code, status, detail: error.message, ...instance };
  return textReply({
    status,
    type: "application/problem+json",
    text: `${JSON.stringify(problem)}\n`,
    headers: [...challengeOf(error.code), ...upgradeFor(error.code), ...retryAfter(error), ...headers],
  });
}

/** What anybody may know of a failure: a PharosError as it is, everything else without a word about its inside. */
export function asProblem(error: unknown): PharosError {
  return error instanceof PharosError
    ? error
    : new PharosError("internal", "the server failed; its log says why");
}

/** An answer of text. */
export function textReply(reply: {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Headers;
}): Reply {
  return bytesReply({ ...reply, body: Buffer.from(reply.text) });
}

/** An answer of bytes, which may be shared with other answers. */
export function bytesReply(reply: {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  readonly headers: Headers;
}): Reply {
  const { status, body } = reply;
  const headers: Headers = [["Content-Type", reply.type], ...plainHeaders, ...reply.headers];
  return { kind: "reply", status, headers, contentLength: body.length, body };
}
