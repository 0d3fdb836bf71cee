import { describe, expect, it } from "vitest";
import { decodeJwt, decodeProtectedHeader } from "jose";

import { signToken, type TokenContent } from "../../../src/auth/tokens/sign-token.js";
import { readSigningKey, signingSecret, type SigningKey } from "../../../src/auth/keys/signing-key.js";
import { PharosError } from "../../../src/base/errors.js";
import {
  detailType,
  ec,
  ed25519,
  file,
  hubUrl,
  issuer,
  now,
  pem,
  rsa,
  secret,
  World,
  type KeyPair,
} from "../world.js";

const content: TokenContent = {
  form: "current",
  publish: ["a", "b"],
  subscribe: ["c"],
  matchType: "exact",
  payload: undefined,
  lifetimeSeconds: 60,
  subject: "somebody",
  issuer,
  audience: hubUrl,
};

function make(changed: Partial<TokenContent> = {}, key: SigningKey = signingSecret(secret)): Promise<string> {
  return signToken({ ...content, ...changed }, { key, hubUrl, nowMs: now * 1000 + 999 });
}

const privatePem = ({ privateKey }: KeyPair): string =>
  privateKey.export({ type: "pkcs8", format: "pem" }).toString();

it("emits iss, exp, aud, sub, client_id, iat, jti and typ at+jwt", async () => {
  const token = await make();
  expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "at+jwt" });
  expect(decodeJwt(token)).toEqual({
    iss: issuer,
    aud: hubUrl,
    sub: "somebody",
    client_id: "somebody",
    iat: now,
    exp: now + 60,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    authorization_details: [
      { type: detailType, actions: ["publish"], topics: [{ match: "a" }, { match: "b" }] },
      { type: detailType, actions: ["subscribe"], topics: [{ match: "c" }] },
    ],
  });
  expect(decodeJwt(await make()).jti).not.toBe(decodeJwt(token).jti);
});

it("says how matchers are meant, and carries the payload where it belongs", async () => {
  const token = await make({ publish: [], subscribe: ["news/#"], matchType: "mqtt", payload: { n: 1 } });
  expect(decodeJwt(token)["authorization_details"]).toEqual([
    {
      type: detailType,
      actions: ["subscribe"],
      topics: [{ match: "news/#", match_type: "mqtt" }],
      payload: { n: 1 },
    },
  ]);
});

it("emits the mercure claim of the older form", async () => {
  const token = await make({ form: "older", subscribe: ["https://example.org/{id}"], payload: "anything" });
  expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "JWT" });
  expect(decodeJwt(token)).toMatchObject({
    exp: now + 60,
    mercure: { publish: ["a", "b"], subscribe: ["https://example.org/{id}"], payload: "anything" },
  });
});

it.each<Partial<TokenContent>>([
  {},
  { form: "older" },
  { form: "older", payload: [1] },
  { matchType: "urlpattern", publish: ["/x/:y"], subscribe: ["https://example.org/:id"], payload: {} },
  { matchType: "mqtt", publish: ["+/x", "*"], subscribe: [] },
])("a hub accepts %j", async (changed) => {
  const world = new World();
  world.clock.advance(1000);
  const grants = await world.grants(await make(changed));
  expect(grants.publish.map(({ text }) => text)).toEqual(changed.publish ?? content.publish);
  expect(grants.subscribe.map(({ text }) => text)).toEqual(changed.subscribe ?? content.subscribe);
});

it.each<[Partial<TokenContent>, string]>([
  [{ publish: [""] }, "bad-filter"],
  [{ subscribe: ["a\n"] }, "bad-filter"],
  [{ matchType: "mqtt", publish: ["a/#/b"] }, "bad-filter"],
  [{ matchType: "urlpattern", publish: ["https://("] }, "bad-filter"],
  [{ form: "older", publish: [""] }, "bad-filter"],
  [{ payload: "text" }, "bad-config"],
  [{ payload: null }, "bad-config"],
])("%j is refused, as a hub would refuse the token", async (changed, code) => {
  await expect(make(changed)).rejects.toMatchObject({ code });
});

describe("signs with", () => {
  it.each<[string, KeyPair, string]>([
    ["RSA", rsa(), "RS256"],
    ["EC P-256", ec("P-256"), "ES256"],
    ["EC P-384", ec("P-384"), "ES384"],
    ["EC P-521", ec("P-521"), "ES512"],
    ["Ed25519", ed25519(), "EdDSA"],
  ])("%s from a PEM file and from a JWK", async (_, pair, alg) => {
    const world = new World({ issuers: [{ issuer, key: file(pem(pair)) }] });
    world.clock.advance(1000);
    const own = JSON.stringify({ ...pair.privateKey.export({ format: "jwk" }), kid: "7" });
    for (const [text, kid] of [[privatePem(pair)], [own, "7"]]) {
      const token = await make({}, readSigningKey(file(text ?? "")));
      expect(decodeProtectedHeader(token)).toEqual({
        alg,
        typ: "at+jwt",
        ...(kid === undefined ? {} : { kid }),
      });
      expect(await world.verify(token)).toMatchObject({ ok: true });
    }
  });

  it("the algorithm that a JWK names", () => {
    const own = { ...rsa().privateKey.export({ format: "jwk" }), alg: "PS512" };
    expect(readSigningKey(file(JSON.stringify(own))).algorithm).toBe("PS512");
  });

  it("the longest hash that a secret's settings name, not one that it is too short for", () => {
    expect(signingSecret("s".repeat(64), ["HS512"]).algorithm).toBe("HS512");
    expect(() => signingSecret(secret, ["HS512"])).toThrow("cannot be used with HS512");
  });

  it.each<[string, string]>([
    ["hello", "holds no private key"],
    ["{", "begins with { but is not a JSON object"],
    ["{}", "holds no private key"],
    [pem(ec("P-256")), "holds no private key"],
    [privatePem(ec("secp256k1")), "ec secp256k1; allowed are RSA with 2048 bits"],
    [JSON.stringify({ ...ec("P-256").privateKey.export({ format: "jwk" }), alg: "HS256" }), 'for "HS256"'],
  ])("none of %j", (text, reason) => {
    const path = file(text);
    expect(() => readSigningKey(path)).toThrow(PharosError);
    expect(() => readSigningKey(path)).toThrow(reason);
  });
});
