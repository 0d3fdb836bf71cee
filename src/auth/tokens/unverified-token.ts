import { decodeJwt, decodeProtectedHeader } from "jose";

import type { Grants } from "../grants/grants.js";
import type { JsonRecord } from "../json.js";
import { olderClaim } from "../grants/older-claim.js";
import { quoted, refused } from "../refusal.js";

/** What a token says of itself: enough to choose the keys that may verify it, and not to be believed before. */
export interface UnverifiedToken {
  readonly text: string;
  readonly form: Grants["form"];
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly issuer: string | undefined;
  /** Tokens of the older form need no audience; one that has some is for nobody else [RFC 7519 4.1.3]. */
  readonly hasAudience: boolean;
}

/**
 * Reads a token without verifying it. Its form is told by its type, `at+jwt`, and its claims: whatever has
 * authorization details follows the rules of the current form, so that leaving out the type makes none of them weaker.
 * Of the header `alg`, `typ` and `kid` are read; `jwk`, `jku`, `x5u` and `x5c`, which would let a token bring its own key,
 * are not [RFC 8725 3.10].
 *
 * @throws PharosError `invalid-token` when it is no signed JWT or of neither form
 */
export function readToken(text: string, { bytes }: { readonly bytes: number }): UnverifiedToken {
  checkShape(text, bytes);
  const { header, claims } = decode(text);
  const { alg, typ, kid } = header;
  if (typeof alg !== "string") throw refused("its header names no algorithm");
  if (alg.toLowerCase() === "none") throw refused("it is not signed: its algorithm is none");
  const form = formOf(typ, claims);
  return {
    text,
    form,
    algorithm: alg,
    kid: typeof kid === "string" ? kid : undefined,
    issuer: parseIssuer(claims["iss"], form),
    hasAudience: claims["aud"] !== undefined,
  };
}

function checkShape(text: string, bytes: number): void {
  if (text === "") throw refused("it is empty");
  if (text.length > bytes) throw refused(`it has ${text.length} characters; allowed are ${bytes}`);
  const parts = text.split(".");
  if (parts.length === 5) throw refused("it is encrypted (JWE); tokens are taken signed, not encrypted");
  if (parts.length !== 3) throw refused("it is no JSON web token: it has not three parts with dots between");
  if (!parts.every(isCanonical)) throw refused("it is no JSON web token: a part is not base64url");
}

/** One text for one token: decoders forgive padding and loose last bits, and two texts would be two tokens in a cache. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

function decode(text: string): { readonly header: JsonRecord; readonly claims: JsonRecord } {
  try {
    return { header: { ...decodeProtectedHeader(text) }, claims: decodeJwt(text) };
  } catch (cause) {
    throw refused("it is no JSON web token: its header or its claims are not a JSON object", { cause });
  }
}

function formOf(typ: unknown, claims: JsonRecord): Grants["form"] {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  if (type === "at+jwt") return "current";
  if (claims["authorization_details"] !== undefined)
    throw refused(`it has authorization_details, but the type ${quoted(typ)}; allowed is at+jwt`);
  if (olderClaim(claims) === undefined)
    throw refused("it has neither the type at+jwt and authorization_details nor a mercure claim");
  // Other types say that a token was made for another purpose [RFC 8725 3.11].
  if (type !== undefined && type !== "jwt")
    throw refused(`it has a mercure claim, but the type ${quoted(typ)}; allowed are none and JWT`);
  return "older";
}

function parseIssuer(iss: unknown, form: Grants["form"]): string | undefined {
  if (typeof iss === "string") return iss;
  if (iss !== undefined) throw refused(`its iss is ${quoted(iss)}; allowed is a text`);
  if (form === "current") throw refused("it names no issuer (iss)");
  return undefined;
}
