import { randomUUID } from "node:crypto";

import { SignJWT, type JWTPayload } from "jose";

import { PharosError } from "../../base/errors.js";
import { detailType } from "../grants/authorization-details.js";
import type { Grants } from "../grants/grants.js";
import { isRecord } from "../json.js";
import { defaultTokenLimits } from "../limits.js";
import type { MatchType } from "../grants/match-type.js";
import { parseMatcher, parseSelector } from "../grants/matcher.js";
import type { SigningKey } from "../keys/signing-key.js";

/** What a token is to say. */
export interface TokenContent {
  readonly form: Grants["form"];
  /** What it allows to publish to. */
  readonly publish: readonly string[];
  /** What it allows to read private publications of. */
  readonly subscribe: readonly string[];
  /** How both are meant. The older form has no types: there they are URI templates or topics. */
  readonly matchType: MatchType;
  /** What watchers of subscriptions are told of the bearer; undefined tells nothing. */
  readonly payload: unknown;
  readonly lifetimeSeconds: number;
  readonly subject: string;
  readonly issuer: string;
  /** The hub's own URL, in most cases. */
  readonly audience: string;
}

export interface Signing {
  readonly key: SigningKey;
  /** What relative URL patterns are resolved against. */
  readonly hubUrl: string;
  readonly nowMs: number;
}

/**
 * Makes a signed token that begins to be valid now.
 *
 * @throws PharosError `bad-filter` for a matcher that no hub takes, `bad-config` for a payload that its form does not have
 */
export async function signToken(content: TokenContent, { key, hubUrl, nowMs }: Signing): Promise<string> {
  const { form, lifetimeSeconds, subject, issuer, audience } = content;
  checkMatchers(content, hubUrl);
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT(form === "current" ? currentClaims(content) : olderClaims(content))
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

/** `client_id` is a claim that every token of this form has [RFC 9068 2.2]; who makes his own tokens is his own client. */
function currentClaims({ publish, subscribe, matchType, payload, subject }: TokenContent): JWTPayload {
  if (payload !== undefined && !isRecord(payload))
    throw new PharosError("bad-config", "a payload of the current form is a JSON object");
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
