import type { ErrorCode } from "../../base/errors.js";
import type { Headers, Reply } from "../http/messages.js";
import type { Refusal } from "../http/refusal.js";
import { textReply } from "../http/replies.js";

/** The error codes of RFC 6750 3.1. A request without a token gets none. */
const challenges: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  unauthorized: "Bearer",
  "bad-authorization": 'Bearer error="invalid_request"',
  "invalid-token": 'Bearer error="invalid_token"',
  "insufficient-scope": 'Bearer error="insufficient_scope"',
});

/** A refusal as problem details [RFC 9457]: the error's code, what was wrong and what is allowed. */
export function problemReply(refusal: Refusal, headers: Headers = []): Reply {
  const { code, status, detail, id } = refusal;
  const instance = id === undefined ? {} : { instance: id };
  const problem = { type: "about:blank", title: code, status, detail, ...instance };
  return textReply({
    status,
    type: "application/problem+json",
    text: `${JSON.stringify(problem)}\n`,
    headers: [...challengeOf(code), ...upgradeFor(code), ...retryAfter(refusal), ...headers],
  });
}

function challengeOf(code: ErrorCode): Headers {
  const challenge = challenges[code];
  return challenge === undefined ? [] : [["WWW-Authenticate", challenge]];
}

/** The protocol to ask for instead [RFC 9110 15.5.22, RFC 6455 4.2.2]. */
function upgradeFor(code: ErrorCode): Headers {
  if (code !== "upgrade-required") return [];
  return [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
  ];
}

function retryAfter({ retryAfterSeconds }: Refusal): Headers {
  return retryAfterSeconds === undefined ? [] : [["Retry-After", String(retryAfterSeconds)]];
}
