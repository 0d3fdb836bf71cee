import { describe, expect, it, test } from "vitest";

import type { IssuerSettings } from "../../../src/auth/tokens/trusted-issuer.js";
import { PharosError } from "../../../src/base/errors.js";
import {
  ec,
  ed25519,
  file,
  folder,
  issuer,
  jwk,
  pem,
  rsa,
  secret,
  sign,
  World,
  type KeyPair,
} from "../world.js";

const pairs: Readonly<Record<string, { readonly pair: KeyPair; readonly algorithms: readonly string[] }>> = {
  "RSA of 2048 bits": {
    pair: rsa(),
    algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  },
  "EC P-256": { pair: ec("P-256"), algorithms: ["ES256"] },
  "EC P-384": { pair: ec("P-384"), algorithms: ["ES384"] },
  "EC P-521": { pair: ec("P-521"), algorithms: ["ES512"] },
  Ed25519: { pair: ed25519(), algorithms: ["EdDSA", "Ed25519"] },
};
const vectors = Object.entries(pairs).flatMap(([kind, { pair, algorithms }]) =>
  algorithms.map((alg) => ({ kind, pair, alg })),
);

function refusal(settings: IssuerSettings): string {
  try {
    void new World({ issuers: [{ issuer, ...settings }] });
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return error.message;
    throw error;
  }
  throw new Error("the settings were taken");
}

// The second key was ignored, and tokens of this key were refused without an explanation.
test.each([
  ["two public keys", () => `${pem(ec("P-256"))}${pem(rsa())}`],
  ["a key twice, with text between", () => `${pem(ec("P-256"))}\nthe old one:\n${pem(ed25519())}`],
])("a PEM file with %s is refused", (_name, text) => {
  expect(refusal({ key: file(text()) })).toMatch(/holds 2 keys or certificates; allowed is one.*JWK set/);
});

test("key files may begin with a byte order mark", () => {
  const pair = ec("P-256");
  const jwks = JSON.stringify({ keys: [jwk(pair)] });
  const world = (settings: IssuerSettings): World => new World({ issuers: [{ issuer, ...settings }] });
  expect(() => [
    world({ key: file(`\uFEFF${pem(pair)}`) }),
    world({ jwks: file(`\uFEFF${jwks}`) }),
  ]).not.toThrow();
});

describe("a token signed with each algorithm that suits a key is accepted (l.636-661: at least EdDSA, ES256, RS256)", () => {
  it.each(vectors)("$kind, $alg, from a PEM file", async ({ pair, alg }) => {
    const world = new World({ issuers: [{ issuer, key: file(pem(pair)) }] });
    expect(await world.verify(await sign({ header: { alg }, key: pair.privateKey }))).toMatchObject({
      ok: true,
    });
  });

  it.each(vectors)("$kind, $alg, from a JWK set", async ({ pair, alg }) => {
    const world = new World({ issuers: [{ issuer, jwks: file(JSON.stringify({ keys: [jwk(pair)] })) }] });
    expect(await world.verify(await sign({ header: { alg }, key: pair.privateKey }))).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ["HS256", 32],
    ["HS384", 48],
    ["HS512", 64],
  ])("%s with a secret of %i bytes", async (alg, length) => {
    const shared = "s".repeat(length);
    const world = new World({ issuers: [{ issuer, secret: shared }] });
    expect(await world.verify(await sign({ header: { alg }, key: Buffer.from(shared) }))).toMatchObject({
      ok: true,
    });
  });
});

it.each([
  ["ES256", ec("P-256"), ec("P-256")],
  ["EdDSA", ed25519(), ed25519()],
  ["PS256", rsa(), rsa()],
])("%s by another key of the same kind is refused", async (alg, trusted, stranger) => {
  const world = new World({ issuers: [{ issuer, key: file(pem(trusted)) }] });
  expect(await world.refusal(await sign({ header: { alg }, key: stranger.privateKey }))).toContain(
    "signature",
  );
});

it("an issuer may have a secret, a PEM file and a JWK set at once", async () => {
  const [inFile, inSet] = [ed25519(), ec("P-256")];
  const jwks = file(JSON.stringify({ keys: [jwk(inSet)] }));
  const world = new World({ issuers: [{ issuer, secret, key: file(pem(inFile)), jwks }] });
  for (const token of [
    sign({}),
    sign({ header: { alg: "EdDSA" }, key: inFile.privateKey }),
    sign({ header: { alg: "ES256" }, key: inSet.privateKey }),
  ])
    expect(await world.verify(await token)).toMatchObject({ ok: true });
});

describe("settings that give no usable key are refused, and say why", () => {
  const weak = rsa(1024);
  const bitcoin = ec("secp256k1");
  const privatePem = ec("P-256").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

  it.each<[string, () => IssuerSettings, string]>([
    ["none at all", () => ({}), "has no key: set a secret, a key file or a JWK set"],
    ["a short secret", () => ({ secret: "s".repeat(31) }), "at least 32 bytes [RFC 7518 3.2]"],
    [
      "a secret too short for its algorithm",
      () => ({ secret, algorithms: ["HS512"] }),
      "cannot be used with HS512",
    ],
    ["a missing file", () => ({ key: `${folder()}/none.pem` }), "cannot read the key file"],
    ["a folder", () => ({ key: folder() }), "EISDIR"],
    ["a file of something else", () => ({ key: file("hello") }), "holds no public key in PEM form"],
    ["a private key", () => ({ key: file(privatePem) }), "a hub needs only the public key"],
    ["a weak RSA key", () => ({ key: file(pem(weak)) }), "rsa of 1024 bits; allowed are RSA with 2048 bits"],
    ["a curve that is not taken", () => ({ key: file(pem(bitcoin)) }), "ec secp256k1"],
    [
      "an algorithm of another kind",
      () => ({ key: file(pem(ec("P-256"))), algorithms: ["RS256"] }),
      "only with ES256",
    ],
    ["a missing JWK set", () => ({ jwks: `${folder()}/none.json` }), "cannot read the key file"],
    ["a JWK set of something else", () => ({ jwks: file("hello") }), "not a JWK set: it is not JSON"],
    [
      "a single JWK",
      () => ({ jwks: file(JSON.stringify(jwk(ec("P-256")))) }),
      "keys must be a list, not a missing value",
    ],
    [
      "an empty JWK set",
      () => ({ jwks: file('{"keys":[]}') }),
      "none of the 0 keys of the JWK set can verify a token",
    ],
    ["http beyond this machine", () => ({ jwks: "http://issuer.example/jwks" }), "an https URL"],
    ["http to a name like this machine's", () => ({ jwks: "http://localhost.example/jwks" }), "an https URL"],
    ["another protocol", () => ({ jwks: "ftp://127.0.0.1/jwks" }), "an https URL"],
  ])("%s", (_, settings, reason) => {
    expect(refusal(settings())).toContain(reason);
  });

  it("never repeat a secret", () => {
    expect(refusal({ secret: "hush" })).not.toContain("hush");
  });
});

describe("of a JWK set are left out", () => {
  const good = ec("P-256");
  const octet = { kty: "oct", k: Buffer.from(secret).toString("base64url") };

  it.each<[string, unknown]>([
    ["keys for encryption", jwk(good, { use: "enc" })],
    ["keys that may not verify", jwk(good, { key_ops: ["sign"] })],
    ["keys of another algorithm", jwk(good, { alg: "ES384" })],
    ["shared secrets", octet],
    ["unknown kinds", { kty: "AKP", alg: "ML-DSA-44", pub: "AA" }],
    ["malformed keys", { kty: "EC", crv: "P-256", x: "AA", y: "AA" }],
    ["weak keys", jwk(rsa(1024))],
    ["what is no key", "text"],
  ])("%s", async (_, useless) => {
    expect(refusal({ jwks: file(JSON.stringify({ keys: [useless] })) })).toContain(
      "none of the 1 keys of the JWK set",
    );
    const world = new World({
      issuers: [{ issuer, jwks: file(JSON.stringify({ keys: [useless, jwk(good)] })) }],
    });
    expect(await world.verify(await sign({ header: { alg: "ES256" }, key: good.privateKey }))).toMatchObject({
      ok: true,
    });
    expect(await world.refusal(await sign({}))).toContain("allow ES256");
  });

  it("private parts, should an issuer publish them", async () => {
    const own = good.privateKey.export({ format: "jwk" });
    const world = new World({ issuers: [{ issuer, jwks: file(JSON.stringify({ keys: [own] })) }] });
    expect(await world.verify(await sign({ header: { alg: "ES256" }, key: good.privateKey }))).toMatchObject({
      ok: true,
    });
  });

  it("none when there are more than 32, which is refused", () => {
    const keys = Array.from({ length: 33 }, () => jwk(good));
    expect(refusal({ jwks: file(JSON.stringify({ keys })) })).toContain("at most 32 keys");
  });
});

it("a JWK that names its algorithm is for that one alone", async () => {
  const pair = rsa();
  const world = new World({
    issuers: [{ issuer, jwks: file(JSON.stringify({ keys: [jwk(pair, { alg: "PS384" })] })) }],
  });
  expect(await world.verify(await sign({ header: { alg: "PS384" }, key: pair.privateKey }))).toMatchObject({
    ok: true,
  });
  expect(await world.refusal(await sign({ header: { alg: "RS256" }, key: pair.privateKey }))).toContain(
    "allow PS384",
  );
});
