import { decodeJwt, decodeProtectedHeader } from "jose";

import type { Grants } from "../grants/grants.js";
import type { JsonRecord } from "../json.js";
import { olderClaim } from "../grants/older-claim.js";
import { quoted, refused } from "../refusal.js";

/**
 * The content of a token before verification. This content is enough to choose the keys that may verify the token. Do
 * not trust the content until a key has verified it.
 */
export interface UnverifiedToken {
  readonly text: string;
  readonly form: Grants["form"];
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly issuer: string | undefined;
  /**
   * True if the token has an audience, which must then name this hub [RFC 7519 4.1.3]. Tokens of the older form need
   * no audience.
   */
  readonly hasAudience: boolean;
}

/**
 * Parses a token without verifying it. The token's type (`at+jwt`) and its claims decide its form. A token with
 * authorization details must follow the rules of the current form, so that nobody can weaken the rules by omitting
 * the type.
 *
 * From the header, the parser reads `alg`, `typ` and `kid`. The parser ignores `jwk`, `jku`, `x5u` and `x5c`: with
 * these fields, a token could supply its own key [RFC 8725 3.10].
 *
 * @throws PharosError `invalid-token` when the text is not a signed JWT, or has neither form
 */
export function readToken(text: string, { bytes }: { readonly bytes: number }): UnverifiedToken {
  checkShape(text, bytes);
  const { header, claims } = decode(text);
  const { alg, typ, kid } = header;
  if (typeof alg !== "string")
    throw refused(`its header has the algorithm ${quoted(alg)}; allowed is a text`);
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
  if (text.length > bytes) throw refused(`it has ${text.length} characters; the limit is ${bytes}`);
  const parts = text.split(".");
  if (parts.length === 5) throw refused("it is encrypted (JWE); only signed tokens are accepted");
  if (parts.length !== 3)
    throw refused(
      `it is not a JSON web token: it must have three parts with dots between them, not ${parts.length}`,
    );
  if (!parts.every(isCanonical)) throw refused("it is not a JSON web token: a part is not base64url");
}

/**
 * True if the part is the only canonical base64url text of its bytes. Decoders also accept padding and any unused
 * last bits, so several texts decode to the same bytes. Without this check, each such text would be another token in
 * the cache.
 */
function isCanonical(part: string): boolean {
  return Buffer.from(part, "base64url").toString("base64url") === part;
}

function decode(text: string): { readonly header: JsonRecord; readonly claims: JsonRecord } {
  try {
    return { header: { ...decodeProtectedHeader(text) }, claims: decodeJwt(text) };
  } catch (cause) {
    throw refused("it is not a JSON web token: its header or its claims are not a JSON object", { cause });
  }
}

function formOf(typ: unknown, claims: JsonRecord): Grants["form"] {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  if (type === "at+jwt") return "current";
  if (claims["authorization_details"] !== undefined)
    throw refused(`it has authorization_details, but the type ${quoted(typ)}; allowed is at+jwt`);
  if (olderClaim(claims) === undefined)
    throw refused("it has no mercure claim and no authorization_details; one of the two is needed");
  // A token of another type was issued for another purpose [RFC 8725 3.11].
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
