import { randomUUID } from "node:crypto";

import { SignJWT, type JWTPayload } from "jose";

import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { detailType } from "../grants/authorization-details.js";
import type { Grants } from "../grants/grants.js";
import { isRecord } from "../json.js";
import { defaultTokenLimits } from "../../limits/tokens.js";
import { manageClaim, type ManageRight } from "../grants/manage-rights.js";
import type { MatchType } from "../grants/matcher.js";
import { parseMatcher, parseSelector } from "../grants/matcher.js";
import type { SigningKey } from "../keys/signing-key.js";

/** The content of a token to sign. */
export interface TokenContent {
  readonly form: Grants["form"];
  /** The topics that the token may publish to. */
  readonly publish: readonly string[];
  /** The topics for which the token may read private publications. */
  readonly subscribe: readonly string[];
  /** The rights over the clients of the hub. @default none */
  readonly manage?: readonly ManageRight[];
  /** The match type of both lists. The older form has no types: each entry is a URI template or a topic. */
  readonly matchType: MatchType;
  /** The payload in the presence events of a client with this token; undefined for none. */
  readonly payload: unknown;
  readonly lifetimeSeconds: number;
  readonly subject: string;
  readonly issuer: string;
  /** The audience, usually the URL of the hub. */
  readonly audience: string;
}

export interface Signing {
  readonly key: SigningKey;
  /** The base URL for relative URL patterns. */
  readonly hubUrl: string;
  readonly nowMs: number;
}

/**
 * Signs a token that is valid from now on.
 *
 * @throws PharosError `bad-filter` for an invalid matcher, `bad-config` for a payload that the form does not allow
 */
export async function signToken(content: TokenContent, { key, hubUrl, nowMs }: Signing): Promise<string> {
  const { form, manage = [], lifetimeSeconds, subject, issuer, audience } = content;
  checkMatchers(content, hubUrl);
  const issuedAt = Math.floor(nowMs / 1000);
  const claims = form === "current" ? currentClaims(content) : olderClaims(content);
  return new SignJWT({ ...claims, ...manageClaim(manage) })
    .setProtectedHeader({
      typ: form === "current" ? "at+jwt" : "JWT",
      alg: key.algorithm,
      ...(key.kid === undefined ? {} : { kid: key.kid }),
    })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .setJti(randomUUID())
    .sign(key.key);
}

function checkMatchers({ form, publish, subscribe, matchType }: TokenContent, hubUrl: string): void {
  const context = { hubUrl, filterBytes: defaultTokenLimits.filterBytes };
  for (const text of [...publish, ...subscribe]) {
    if (form === "older") parseSelector(text, context);
    else parseMatcher({ text, type: matchType }, context);
  }
}

/**
 * The claims of the current form. Every token of this form needs a `client_id` [RFC 9068 2.2]. An operator who signs
 * a token is also its client.
 */
function currentClaims({ publish, subscribe, matchType, payload, subject }: TokenContent): JWTPayload {
  if (payload !== undefined && !isRecord(payload))
    throw new PharosError(
      "bad-config",
      `a payload of the current form must be a JSON object, not ${quoteValue(payload)}`,
    );
  const topics = (matchers: readonly string[]) =>
    matchers.map((match) => (matchType === "exact" ? { match } : { match, match_type: matchType }));
  const type = detailType;
  const publishing = { type, actions: ["publish"], topics: topics(publish) };
  const subscribing = { type, actions: ["subscribe"], topics: topics(subscribe) };
  return {
    client_id: subject,
    authorization_details: [
      ...(publish.length === 0 ? [] : [publishing]),
      ...(subscribe.length === 0 ? [] : [{ ...subscribing, ...(payload === undefined ? {} : { payload }) }]),
    ],
  };
}

function olderClaims({ publish, subscribe, payload }: TokenContent): JWTPayload {
  return { mercure: { publish, subscribe, ...(payload === undefined ? {} : { payload }) } };
}
