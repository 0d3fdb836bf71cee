import type { JWTPayload } from "jose";

import { parseAuthorizationDetails } from "./authorization-details.js";
import type { Grants } from "./grants.js";
import type { TokenLimits } from "../../limits/tokens.js";
import { parseManageRights } from "./manage-rights.js";
import { parseOlderClaim } from "./older-claim.js";
import { expiredText, notYetText, quoted, refused } from "../refusal.js";

/** The latest time that a Date can represent, in milliseconds. */
const lastTimeMs = 8_640_000_000_000_000;

export interface GrantsContext extends TokenLimits {
  readonly hubUrl: string;
  readonly nowMs: number;
  /** The difference between the issuer's clock and the hub's clock that the hub tolerates. */
  readonly leewayMs: number;
}

/**
 * Parses the grants from the claims of a verified token.
 *
 * @throws PharosError `invalid-token` when a claim is malformed, a limit is exceeded, or the token has expired or is
 *   not valid yet
 */
export function parseGrants(claims: JWTPayload, form: Grants["form"], context: GrantsContext): Grants {
  checkBegin(claims.nbf, context);
  const rights =
    form === "current"
      ? parseAuthorizationDetails(claims["authorization_details"], context)
      : parseOlderClaim(claims, context);
  return {
    form,
    ...rights,
    tokenId: typeof claims.jti === "string" ? claims.jti : undefined,
    issuedAtMs: typeof claims.iat === "number" ? Math.floor(claims.iat * 1000) : undefined,
    manage: parseManageRights(claims),
    expiresAtMs: parseEnd(claims.exp, context),
    issuer: claims.iss,
    subject: typeof claims.sub === "string" ? claims.sub : undefined,
  };
}

type Times = Pick<GrantsContext, "nowMs" | "leewayMs">;

/**
 * Times in a token may have fractions [RFC 7519 2]. The hub's clock counts whole milliseconds, so the rest of a
 * millisecond does not count: some libraries write microseconds, and the hub may verify their tokens at once.
 */
function checkBegin(nbf: number | undefined, { nowMs, leewayMs }: Times): void {
  if (nbf === undefined || Math.floor(nbf * 1000) <= nowMs + leewayMs) return;
  throw refused(notYetText(nbf));
}

/**
 * Parses the end of a token's validity. JSON allows 1e999, which is not a valid time, and the JWT library compares
 * only whole seconds.
 */
function parseEnd(exp: number | undefined, { nowMs, leewayMs }: Times): number | undefined {
  if (exp === undefined) return undefined;
  const endMs = Math.floor(exp * 1000) + leewayMs;
  if (endMs > lastTimeMs)
    throw refused(
      `its exp is ${quoted(String(exp))}, which is too late; allowed are seconds since 1970, up to the year 275760`,
    );
  if (endMs <= nowMs) throw refused(expiredText(exp, nowMs));
  return endMs;
}
