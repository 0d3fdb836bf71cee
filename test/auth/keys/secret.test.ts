import { randomBytes } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { secretBytes, secretFault } from "../../../src/auth/keys/secret.js";
import { ec, ed25519, rsa } from "../world.js";
import { publicKeyForms } from "./public-key-forms.js";

const seed = 20_261_130;

const pairs = { RSA: rsa(), "P-256": ec("P-256"), "P-521": ec("P-521"), Ed25519: ed25519() };

describe("a public key is no secret", () => {
  const rows = Object.entries(pairs).flatMap(([name, pair]) =>
    Object.entries(publicKeyForms).map(([form, text]) => [name, form, text(pair)] as const),
  );
  it.each(rows)("%s as %s", (_name, _form, text) => {
    expect(secretFault(text)).toMatch(/^at least 32 bytes .* This is .*, which is no secret: /);
  });
});

it.each([
  ["an OpenSSH key", `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"a".repeat(43)} me@example.org`],
  ["a key or certificate in PEM form", `-----BEGIN CERTIFICATE-----\n${"A".repeat(64)}`],
  ["a key or certificate in PEM form", `-----BEGIN OPENSSH PRIVATE KEY-----\n${"A".repeat(64)}`],
  ["a JWK", `{"kty":"oct","k":"${"A".repeat(43)}"}`],
  ["a JSON document such as a JWK or a JWK set", '{"issuer":"https://login.example.org"}'],
  ["a URL", "https://login.example.org/.well-known/jwks.json"],
  ["an XML document", `<RSAKeyValue><Modulus>${"A".repeat(43)}</Modulus></RSAKeyValue>`],
  ["a token", `eyJhbGciOiJub25lIn0.${"A".repeat(20)}.${"B".repeat(20)}`],
])("%s is no secret: %s", (kind, text) => {
  expect(secretFault(text)).toContain(`This is ${kind}, which is no secret`);
});

it("private keys are no secrets either: the operator probably took the wrong setting", () => {
  const text = pairs.RSA.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
  expect(secretFault(text)).toContain("a key or certificate in DER form");
});

it(`random secrets are secrets, as text and as base64 (seed ${seed})`, () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 96 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(bytes, fc.constantFrom("base64", "base64url", "hex"), (secret, encoding) => {
      expect(secretFault(secret.toString(encoding))).toBeUndefined();
      if (encoding === "hex") return;
      const text = `base64:${secret.toString(encoding)}`;
      expect(secretFault(text)).toBeUndefined();
      expect(secretBytes(text)).toEqual(secret);
    }),
    { seed, numRuns: 2000 },
  );
});

it.each(["a secret of the tests, 36 characters", "<k3;".repeat(9), "correct horse battery staple, and more"])(
  "%s is a secret, whose bytes are those of the text",
  (text) => {
    expect(secretFault(text)).toBeUndefined();
    expect(secretBytes(text)).toEqual(Buffer.from(text));
  },
);

it.each(["base64:", "base64:not base64", `base64:${"A".repeat(41)}`, "base64:====", "base64:ä"])(
  "%s is refused, with the allowed form",
  (text) => {
    expect(secretFault(text)).toContain("After base64: comes base64 or base64url without spaces");
  },
);

it("base64 of too few bytes is refused, though the text is long enough", () => {
  expect(secretFault(`base64:${randomBytes(31).toString("base64")}`)).toContain("This has 31");
  expect(secretFault("short")).toMatch(/^at least 32 bytes .* This has 5; "openssl rand -base64 48"/);
});
