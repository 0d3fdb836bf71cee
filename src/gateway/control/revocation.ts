import type { Grants } from "../../auth/grants/grants.js";
import { SnapshotItem } from "../../journal/snapshot-item.js";

/** The name of the notes with revocations, and of the part of a snapshot. */
export const revocationsPart = "revocations";

/** The tokens to refuse, until all of them have expired. */
export interface Revocation {
  /** `token`: the tokens with this `jti`. `subject`: the tokens with this `sub`. */
  readonly by: "token" | "subject";
  /** The `jti` or the `sub`. */
  readonly value: string;
  /** The `iss` of the tokens. @default any */
  readonly issuer?: string | undefined;
  /**
   * Only tokens that were issued (`iat`) at this time or earlier, in milliseconds since 1970; tokens without `iat`, too.
   * @default all
   */
  readonly beforeMs?: number | undefined;
  /** The end of the revocation, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** True if the revocation is of a token with these grants, whatever the time is. */
export function revokes({ by, value, issuer, beforeMs }: Revocation, grants: Grants): boolean {
  const own = by === "token" ? grants.tokenId : grants.subject;
  if (own !== value || (issuer !== undefined && grants.issuer !== issuer)) return false;
  return beforeMs === undefined || grants.issuedAtMs === undefined || grants.issuedAtMs <= beforeMs;
}

/** The revocation as JSON. */
export function encodeRevocation({ by, value, issuer, beforeMs, untilMs }: Revocation): object {
  return {
    by,
    value,
    ...(issuer === undefined ? {} : { issuer }),
    ...(beforeMs === undefined ? {} : { before: beforeMs }),
    until: untilMs,
  };
}

/** @throws PharosError `bad-snapshot` for a value that {@link encodeRevocation} does not write */
export function parseRevocation(value: unknown): Revocation {
  const fields = new SnapshotItem(revocationsPart, value);
  return {
    by: fields.text("by") === "token" ? "token" : "subject",
    value: fields.text("value"),
    issuer: fields.has("issuer") ? fields.text("issuer") : undefined,
    beforeMs: fields.has("before") ? fields.count("before") : undefined,
    untilMs: fields.count("until"),
  };
}
