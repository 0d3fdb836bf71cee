import { errors, type JWTPayload, type JWTVerifyOptions } from "jose";

import type { PharosError } from "../base/errors.js";
import { durationText, quoted, refused, timeText } from "./refusal.js";

type Expected = Pick<JWTVerifyOptions, "audience" | "issuer" | "currentDate">;

/** Turns an error of the JWT library about a correctly signed token into a sentence. Other errors are returned unchanged. */
export function explainRefusal(error: unknown, expected: Expected): unknown {
  if (error instanceof errors.JWTExpired) return expired(error, expected);
  if (error instanceof errors.JWTClaimValidationFailed) return badClaim(error, expected);
  if (error instanceof errors.JOSEError)
    return refused(`it is not a usable JSON web token: ${error.message}`, { cause: error });
  return error;
}

function expired(cause: errors.JWTExpired, { currentDate }: Expected): PharosError {
  const { exp = 0 } = cause.payload;
  return refused(expiredText(exp, currentDate?.getTime() ?? 0), { cause });
}

/** `exp` is in seconds, as in the token. */
export function expiredText(exp: number, nowMs: number): string {
  return `it expired at ${timeText(exp)}, ${durationText(Math.max(0, nowMs / 1000 - exp))} ago`;
}

function badClaim(cause: errors.JWTClaimValidationFailed, expected: Expected): PharosError {
  const { claim, reason, payload } = cause;
  const given = quoted(payload[claim]);
  if (reason === "missing") return refused(`it has no ${claim}${missingNote(claim, expected)}`, { cause });
  if (reason === "invalid")
    return refused(`its ${claim} is ${given}; allowed is a number of seconds since 1970`, { cause });
  return refused(failedText(payload, { claim, given, expected }), { cause });
}

function missingNote(claim: string, { audience }: Expected): string {
  if (claim === "exp") return ", so it would never expire";
  return claim === "aud" ? `; allowed is ${quoted(audience)}` : "";
}

function failedText(
  payload: JWTPayload,
  { claim, given, expected }: { readonly claim: string; readonly given: string; readonly expected: Expected },
): string {
  switch (claim) {
    case "nbf":
      return `it is not valid before ${timeText(payload.nbf ?? 0)}`;
    case "aud":
      return `it is for ${given} (aud), not for this hub, which is ${quoted(expected.audience)}`;
    case "iss":
      return `it is by ${given} (iss), not by ${quoted(expected.issuer)}`;
    default:
      return `its ${claim} is not allowed here`;
  }
}
