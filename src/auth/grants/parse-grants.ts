import type { JWTPayload } from "jose";

import { parseAuthorizationDetails } from "./authorization-details.js";
import { expiredText } from "../explain-refusal.js";
import type { Grants } from "./grants.js";
import type { TokenLimits } from "../limits.js";
import { parseOlderClaim } from "./older-claim.js";
import { quoted, refused } from "../refusal.js";

/** The last time that a Date can tell, in milliseconds. */
const lastTimeMs = 8_640_000_000_000_000;

export interface GrantsContext extends TokenLimits {
  readonly hubUrl: string;
  readonly nowMs: number;
}

/**
 * Reads what the claims of a verified token allow.
 *
 * @throws PharosError `invalid-token` when a claim is malformed, a limit is passed, or the token has just ended
 */
export function parseGrants(claims: JWTPayload, form: Grants["form"], context: GrantsContext): Grants {
  const rights =
    form === "current"
      ? parseAuthorizationDetails(claims["authorization_details"], context)
      : parseOlderClaim(claims, context);
  return {
    form,
    ...rights,
    expiresAtMs: parseEnd(claims.exp, context.nowMs),
    issuer: claims.iss,
    subject: typeof claims.sub === "string" ? claims.sub : undefined,
  };
}

/** JSON has 1e999, which is no time; and the library compares whole seconds only. */
function parseEnd(exp: number | undefined, nowMs: number): number | undefined {
  if (exp === undefined) return undefined;
  const endMs = Math.floor(exp * 1000);
  if (endMs > lastTimeMs) throw refused(`its exp is ${quoted(String(exp))}, which is later than any time`);
  if (endMs <= nowMs) throw refused(expiredText(exp, nowMs));
  return endMs;
}
