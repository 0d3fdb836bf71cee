import { errors, type JWTPayload, type JWTVerifyOptions } from "jose";
import { PharosError } from "../base/errors.js";
import { printableText } from "../base/quote-value.js";

/** The longest part of a token that a reason quotes, in characters. */
const quotedCharacters = 80;

/**
 * Creates the error for an invalid token. The reason is for the log and `pharos token check`; clients never see the
 * reason.
 */
export function refused(reason: string, options?: ErrorOptions): PharosError {
  return new PharosError("invalid-token", reason, options);
}

/** Calls `parse`. If `parse` throws, the reason in the error begins with `where`, the name of the claim's part. */
export function inEntry<Result>(where: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PharosError) throw refused(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A part of a token for a log line or a terminal: in quotes, shortened, with invisible characters escaped. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  const short = text.length > quotedCharacters ? `${text.slice(0, quotedCharacters - 3)}...` : text;
  return printableText(short);
}

/** Formats a time in seconds since 1970. Accepts any number. */
export function timeText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `the second ${seconds}` : time.toISOString().replace(".000Z", "Z");
}

/** Formats a duration in the largest unit that gives a value of at least two: `90 seconds`, `3 hours`. */
export function durationText(seconds: number): string {
  const units = [
    ["days", 86_400],
    ["hours", 3600],
    ["minutes", 60],
  ] as const;
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit) ?? (["seconds", 1] as const);
  const count = Math.floor(seconds / size);
  return `${count} ${count === 1 ? "second" : name}`;
}

type Expected = Pick<JWTVerifyOptions, "audience" | "issuer" | "currentDate">;

/**
 * Converts an error of the JWT library about a correctly signed token to a sentence. Returns other errors unchanged.
 */
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

/** The sentence for an expired token. `exp` is in seconds, as in the token. */
export function expiredText(exp: number, nowMs: number): string {
  return `it expired at ${timeText(exp)}, ${durationText(Math.max(0, nowMs / 1000 - exp))} ago`;
}

/** The sentence for a token that is not valid yet. `nbf` is in seconds, as in the token. */
export function notYetText(nbf: number): string {
  return `it is not valid before ${timeText(nbf)}`;
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
      return notYetText(payload.nbf ?? 0);
    case "aud":
      return `it is for ${given} (aud), not for this hub, which is ${quoted(expected.audience)}`;
    case "iss":
      return `it is by ${given} (iss), not by ${quoted(expected.issuer)}`;
    default:
      return `its ${claim} is ${given}, which this hub does not allow`;
  }
}
