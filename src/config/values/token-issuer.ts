import { z } from "zod";

import { algorithmNames } from "../../auth/keys/algorithms.js";
import { secretFault } from "../../auth/keys/secret.js";
import { listOf, textOf } from "../declare/setting.js";

const algorithmsAllowed = `one of ${algorithmNames.join(", ")}`;
const rightsAllowed = "some of publish, subscribe and manage";

export const issuerAllowed = "the text that tokens have as iss, usually a URL";
export const keyAllowed = "the path of a PEM file with a public key";
export const jwksAllowed = "the path or the https URL of a JWK set";

/** A secret that signs tokens. */
export const sharedSecret = z.string({ error: secretFault("") }).superRefine((text, context) => {
  const message = secretFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const tokenIssuer = z
  .strictObject({
    issuer: textOf(issuerAllowed)
      .optional()
      .describe("Issuer (`iss`) that the tokens name. Default: the hub's URL."),
    secret: sharedSecret
      .optional()
      .describe(
        "Secret of at least 32 bytes that the issuer and the hub share: text, or `base64:` and the bytes in base64.",
      ),
    key: textOf(keyAllowed).optional().describe("PEM file with the issuer's public key."),
    jwks: textOf(jwksAllowed)
      .optional()
      .describe("JWK set: a file, or an https URL that the hub loads again when keys change."),
    algorithms: listOf(z.enum(algorithmNames, { error: algorithmsAllowed }))
      .min(1, algorithmsAllowed)
      .optional()
      .describe("Signature algorithms that the hub accepts. Default: all algorithms that the key supports."),
    allows: listOf(z.enum(["publish", "subscribe", "manage"], { error: rightsAllowed }))
      .min(1, rightsAllowed)
      .optional()
      .describe(
        "Rights that the issuer's tokens may grant: `publish`, `subscribe`, `manage` (to disconnect clients). The hub ignores other rights of its tokens. Default: all.",
      ),
    audience: textOf("the text that tokens have in aud")
      .optional()
      .describe("Audience (`aud`) that the tokens name. Default: the hub's URL."),
  })
  .refine(
    (one) => [one.secret, one.key, one.jwks].some((source) => source !== undefined),
    "at least one of secret, key and jwks",
  );

/** An issuer whose tokens the hub accepts. An issuer has at least one of `secret`, `key` and `jwks`. */
export type TokenIssuer = z.output<typeof tokenIssuer>;

/** The setting `tokens`, available only in the file. */
export const tokenIssuers = listOf(tokenIssuer)
  .prefault([])
  .describe("Further issuers whose tokens the hub accepts. Only in the file.");

/** The parts of an issuer, for the reference page. */
export const tokenIssuerParts = tokenIssuer.shape;
