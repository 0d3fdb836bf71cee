/**
 * Every reason for which Pharos refuses a request or fails, one line each. Codes are never reused. Callers branch on
 * `code`, never on the text of a message.
 */
export const errorCodes = {
  "bad-topic": "a topic is empty, too long, reserved, or holds a control character or invalid UTF-8",
  "bad-filter": "a topic filter is malformed, too long, or one too many",
  "bad-event-id": "an event id is reserved, too long, or holds a control character",
  "bad-event-type": "an event type is reserved, too long, or holds a control character",
  "bad-retry": "a reconnection time is not a whole number of milliseconds within the allowed range",
  "bad-publication": "a publication is not of the form that its way in asks for",
  "too-large": "something is larger than its limit",
  "bad-tnetstring": "bytes are not a well-formed tnetstring, or nest or measure more than allowed",
  "bad-mongrel2-request": "a frame from Mongrel2 is not a well-formed request",
  "bad-mongrel2-response": "a response cannot be framed: no ids, too many ids, or a bad uuid or id",
  "bad-mongrel2-reply": "an answer from Mongrel2's control port is not what was asked for",
  "bad-request": "an HTTP request is malformed",
  "not-found": "nothing is served at this path",
  "method-not-allowed": "this path does not take this method",
  "upgrade-required": "what is asked for is to be had by WebSocket alone",
  unauthorized: "a request needs a token and has none",
  "invalid-token": "a token is not accepted",
  "bad-authorization": "an Authorization header is malformed",
  "insufficient-scope": "a token does not allow what is asked",
  "forbidden-origin": "a page of this origin may not do this, or not with a cookie",
  "unsupported-media-type": "a request body is of a type that is not taken here",
  "head-too-large": "the head of an HTTP request is larger than allowed",
  "too-many-connections": "as many streams are open, or filters held, as may be",
  "too-many-streams": "one address has as many streams open as it may",
  "too-many-bodies": "the bodies of all requests together hold as many bytes as they may",
  "too-many-requests": "one address asks or publishes more often than it may",
  "too-many-patterns": "one address holds as many filters, wildcards or patterns as it may",
  "too-many-subscriptions": "a list would hold more subscriptions than one answer may",
  forbidden: "who asks may not have this",
  internal: "a failure of the server itself; its log says more",
  "bad-endpoint": "a ZeroMQ endpoint or address is malformed",
  "bad-curve-key": "a CURVE key, or a file of them, is malformed, missing or cannot be read",
  "bad-config": "a setting has a value that it does not take",
  "not-taken": "no hub took the publication in time",
  refused: "the hub refused a publication; the message has its reason",
  unreachable: "a server or hub cannot be reached",
  closed: "the object was closed and takes no more work",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface PharosErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number;
  readonly reason?: string;
}

/** The one error that Pharos throws for bad input and failures. `message` says what was wrong and what is allowed. */
export class PharosError extends Error {
  override readonly name = "PharosError";
  readonly code: ErrorCode;
  /** Seconds until a retry makes sense; undefined if it is unknown or never does. */
  readonly retryAfterSeconds: number | undefined;
  /** A detail for the log only: the client that is refused must not learn it. */
  readonly reason: string | undefined;

  constructor(code: ErrorCode, message: string, options?: PharosErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = options?.retryAfterSeconds;
    this.reason = options?.reason;
  }
}

/** The error as anybody may know it: a PharosError as it is, everything else without a detail of its inside. */
export function toPharosError(error: unknown): PharosError {
  return error instanceof PharosError
    ? error
    : new PharosError("internal", "the server failed; its log says why");
}
