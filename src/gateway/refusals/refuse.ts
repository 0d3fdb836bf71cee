import { toPharosError } from "../../base/errors.js";
import type { ErrorCode } from "../../base/errors.js";
import type { GatewayRequest, Headers, Reply } from "../http/messages.js";
import { textReply } from "../http/replies.js";
import { spreadWait } from "../../base/waits/spread-wait.js";
import type { Refusal } from "../http/refusal.js";
import type { RefusalLog } from "./refusal-log.js";

/** The HTTP status of each error that a client can get. No other file maps errors to statuses. */
export const statuses: Readonly<Partial<Record<ErrorCode, number>>> = Object.freeze({
  "bad-request": 400,
  "bad-filter": 400,
  "bad-topic": 400,
  "bad-event-id": 400,
  "bad-event-type": 400,
  "bad-retry": 400,
  "bad-ttl": 400,
  "bad-publication": 400,
  "bad-mongrel2-request": 400,
  "bad-authorization": 400,
  unauthorized: 401,
  "invalid-token": 401,
  "token-revoked": 401,
  "insufficient-scope": 403,
  "forbidden-origin": 403,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "too-large": 413,
  "upgrade-required": 426,
  "unsupported-media-type": 415,
  "unsupported-content-coding": 415,
  "expectation-failed": 417,
  "too-many-requests": 429,
  "too-many-streams": 429,
  "too-many-patterns": 429,
  "head-too-large": 431,
  internal: 500,
  "too-many-connections": 503,
  "too-many-subscriptions": 503,
  "too-many-revocations": 503,
  "too-many-bodies": 503,
  unavailable: 503,
  closed: 503,
});

/** The status of an error that no client should get. */
const unexpected = 500;

/**
 * Decides which status and text a client gets for an error. No other code of the hub converts a failure to an error
 * response. With a log, this function also counts and logs the error response.
 */
export function refuse(error: unknown, request?: GatewayRequest, log?: Pick<RefusalLog, "note">): Refusal {
  const known = toPharosError(error);
  const { code, message: detail } = known;
  const retryAfterSeconds = known.retryAfterSeconds && spreadWait(known.retryAfterSeconds);
  const status = statuses[code] ?? unexpected;
  const id = log?.note(request, { problem: known, status, cause: error });
  return { code, status, detail, retryAfterSeconds, id, cause: error };
}

/** The challenges of RFC 6750 3.1. The challenge for a request without a token has no error code. */
const challenges: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  unauthorized: "Bearer",
  "bad-authorization": 'Bearer error="invalid_request"',
  "invalid-token": 'Bearer error="invalid_token"',
  "token-revoked": 'Bearer error="invalid_token"',
  "insufficient-scope": 'Bearer error="insufficient_scope"',
});

/** An error response as problem details [RFC 9457]: the error's code, what was wrong and what is allowed. */
export function problemReply(refusal: Refusal, headers: Headers = []): Reply {
  const { code, status, detail, id } = refusal;
  const instance = id === undefined ? {} : { instance: id };
  const problem = { type: "about:blank", title: code, status, detail, ...instance };
  return textReply({
    status,
    type: "application/problem+json",
    text: `${JSON.stringify(problem)}\n`,
    headers: [
      ...challengeOf(code),
      ...upgradeFor(code),
      ...codingsFor(code),
      ...retryAfter(refusal),
      ...headers,
    ],
  });
}

function challengeOf(code: ErrorCode): Headers {
  const challenge = challenges[code];
  return challenge === undefined ? [] : [["WWW-Authenticate", challenge]];
}

/** The headers that name the required protocol and its version [RFC 9110 15.5.22, RFC 6455 4.2.2]. */
function upgradeFor(code: ErrorCode): Headers {
  if (code !== "upgrade-required") return [];
  return [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
  ];
}

/** The content codings that a request may have [RFC 9110 15.5.16]. */
function codingsFor(code: ErrorCode): Headers {
  return code === "unsupported-content-coding" ? [["Accept-Encoding", "identity"]] : [];
}

function retryAfter({ retryAfterSeconds }: Refusal): Headers {
  return retryAfterSeconds === undefined ? [] : [["Retry-After", String(retryAfterSeconds)]];
}
