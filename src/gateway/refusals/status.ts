import type { ErrorCode } from "../../base/errors.js";

/** The HTTP status of each error that a client can meet. No other file knows the status of an error. */
export const statuses: Readonly<Partial<Record<ErrorCode, number>>> = Object.freeze({
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

/** The HTTP status of an error; 500 for one that no client should meet. */
export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? 500;
}
