/**
 * Every reason why Pharos refuses a request or fails, with one line of explanation. Pharos never reuses a code. Callers
 * branch on `code`, never on the text of a message.
 */
export const errorCodes = {
  "bad-topic": "A topic is empty, too long or reserved, or contains a control character or invalid UTF-8.",
  "bad-filter": "A topic filter is malformed or too long, or there are too many filters.",
  "bad-event-id":
    "An event id is reserved, has white space at its start or end, or contains a control character or invalid UTF-8.",
  "bad-event-type": "An event type is reserved or contains a control character or invalid UTF-8.",
  "bad-retry": "A reconnection time is not a whole number of milliseconds in the allowed range.",
  "bad-ttl": "A time to live is not a whole number of seconds in the allowed range.",
  "bad-publication": "A publication does not have the required form.",
  "too-large": "A part of a request or of a publication is larger than its limit.",
  "bad-tnetstring": "Bytes from Mongrel2 are not a valid tnetstring, or exceed the limits of a tnetstring.",
  "bad-mongrel2-request": "A message from Mongrel2 is not a valid request.",
  "bad-mongrel2-response":
    "A response to Mongrel2 is invalid: no connection ids, too many connection ids, or an invalid id or UUID.",
  "bad-mongrel2-reply": "The control port of Mongrel2 sent an unexpected response.",
  "bad-request": "An HTTP request is malformed.",
  "not-found": "The hub serves nothing at this path.",
  "method-not-allowed": "This path does not support this method.",
  "upgrade-required": "This resource is available over WebSocket only.",
  unauthorized: "The request needs a token but has none.",
  "invalid-token": "The token is malformed, wrongly signed, expired, not valid yet, or for another audience.",
  "token-revoked": "The token was revoked.",
  "bad-authorization": "The `Authorization` header, or the token of a WebSocket message, is malformed.",
  "insufficient-scope": "The token does not grant the right to this request.",
  "forbidden-origin": "Pages of this origin may not send this request, or may not send it with a cookie.",
  "unsupported-media-type": "This path does not support the content type of the request body.",
  "unsupported-content-coding":
    "The request body has a `Content-Encoding`, or a `Transfer-Encoding` other than `chunked`, such as gzip. The hub accepts no coded bodies.",
  "head-too-large": "The request line and headers are larger than their limit, or have too many lines.",
  "expectation-failed": "The request has an `Expect` header other than `100-continue`.",
  "too-many-connections": "The hub has reached its limit of streams or of filters.",
  "too-many-streams": "One client address has reached its limit of streams.",
  "too-many-bodies": "Request bodies have reached their memory limit.",
  "too-many-requests": "One client address has reached its limit of requests per second.",
  "too-many-patterns": "One client address has reached its share of filters, wildcards or patterns.",
  "too-many-revocations": "The list of revoked tokens is full; nothing was revoked.",
  "too-many-subscriptions": "A list of subscriptions is too large for one response.",
  forbidden: "The client has no access to this resource.",
  internal: "The server failed; the server's log has the reason.",
  "bad-endpoint": "A ZeroMQ endpoint or address is malformed or cannot be used.",
  "bad-curve-key": "A CURVE key or key file is malformed or missing, or cannot be read.",
  "bad-snapshot": "A stored snapshot of the journal's state is damaged.",
  "bad-config": "A setting has a value that is not allowed.",
  "bad-record": "A record of the journal's log is not a record that Pharos writes.",
  "newer-format":
    "A newer version of Pharos wrote the journal's log, in a format that this version does not know.",
  "not-taken": "No hub accepted the publication in time.",
  unavailable: "The hub cannot store publications at present.",
  refused: "The hub refused the publication; the message has the reason.",
  unreachable: "A server or hub cannot be reached.",
  closed: "The server is stopping, or the object (for instance a publisher) is closed.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface PharosErrorOptions extends ErrorOptions {
  readonly retryAfterSeconds?: number;
  readonly reason?: string;
}

/** The only error that Pharos throws for bad input and failures. `message` says what was wrong and what is allowed. */
export class PharosError extends Error {
  override readonly name = "PharosError";
  readonly code: ErrorCode;
  /** Seconds until a retry can succeed; undefined if the time is unknown or no retry can succeed. */
  readonly retryAfterSeconds: number | undefined;
  /** A detail for the log only. The refused client must not learn this detail. */
  readonly reason: string | undefined;

  constructor(code: ErrorCode, message: string, options?: PharosErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = options?.retryAfterSeconds;
    this.reason = options?.reason;
  }
}

/**
 * Returns a PharosError unchanged. Replaces any other error by a PharosError that hides the details from the client.
 */
export function toPharosError(error: unknown): PharosError {
  return error instanceof PharosError
    ? error
    : new PharosError("internal", "the server failed; its log says why");
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
