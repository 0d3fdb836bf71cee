import { z } from "zod";

/** The algorithms that a setting may name; which of them a key takes depends on its kind. */
const algorithms = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const algorithmsAllowed = `one of ${algorithms.join(", ")}`;
const issuerAllowed = "the text that tokens have as iss, usually a URL";
const secretAllowed = "at least 32 bytes [RFC 7518 3.2]";
const keyAllowed = "the path of a PEM file with a public key";
const jwksAllowed = "the path or the https URL of a JWK set";
const audienceAllowed = "the text that tokens have in aud";
const sourcesAllowed = "at least one of secret, key and jwks";

const issuer = text(issuerAllowed);
const secret = z
  .string({ error: secretAllowed })
  .refine((value) => Buffer.byteLength(value) >= 32, secretAllowed);
const key = text(keyAllowed);
const jwks = text(jwksAllowed);

const tokenIssuer = z
  .strictObject({
    issuer: issuer
      .optional()
      .describe("What its tokens have as iss; the hub's own URL by default, as `pharos token` writes."),
    secret: secret.optional().describe("A secret that the issuer and the hub share, of 32 bytes or more."),
    key: key.optional().describe("A PEM file with the issuer's public key."),
    jwks: jwks
      .optional()
      .describe("A JWK set, a file or an https URL, which is asked again when keys change."),
    algorithms: z
      .array(z.enum(algorithms, { error: algorithmsAllowed }), { error: "a list" })
      .min(1, algorithmsAllowed)
      .optional()
      .describe("The signature algorithms to accept; every one that suits the key by default."),
    audience: text(audienceAllowed)
      .optional()
      .describe("What its tokens have in aud; the hub's own URL by default."),
  })
  .refine((one) => [one.secret, one.key, one.jwks].some((source) => source !== undefined), sourcesAllowed);

/** The settings that say whose tokens are accepted: a list in the file, and one issuer by options and environment. */
export const tokenSettings = {
  tokens: z
    .array(tokenIssuer, { error: "a list" })
    .prefault([])
    .describe(
      "Whose tokens are accepted, beside the one issuer that the other settings name. From the file only.",
    ),
  tokenIssuer: issuer
    .optional()
    .describe("What tokens have as iss. The hub's own URL by default, as `pharos token` writes."),
  tokenKey: key.optional().describe("A PEM file with the public key that verifies tokens."),
  tokenJwks: jwks
    .optional()
    .describe(
      "A JWK set that verifies tokens: a file, or an https URL that is asked again when keys change.",
    ),
  tokenSecret: secret
    .optional()
    .describe(
      "The secret that signs and verifies tokens, of 32 bytes or more. Never an option: others could read it.",
    ),
};

/** One issuer whose tokens are accepted; it has at least one of `secret`, `key` and `jwks`. */
export type TokenIssuer = z.output<typeof tokenIssuer>;

/** All issuers: the one that options and environment name, where they do, and those of the list. */
export function allIssuers(one: TokenIssuer, listed: readonly TokenIssuer[]): readonly TokenIssuer[] {
  return Object.values(one).some((value) => value !== undefined) ? [one, ...listed] : listed;
}

function text(allowed: string): z.ZodString {
  return z.string({ error: allowed }).min(1, allowed);
}
