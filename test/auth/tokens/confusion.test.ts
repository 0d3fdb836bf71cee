import { createHmac, sign as signBytes } from "node:crypto";

import * as fc from "fast-check";
import { expect, it } from "vitest";

import { algorithmNames } from "../../../src/auth/keys/algorithms.js";
import type { IssuerSettings } from "../../../src/auth/tokens/trusted-issuer.js";
import { PharosError } from "../../../src/base/errors.js";
import { publicKeyForms } from "../keys/public-key-forms.js";
import { ec, ed25519, file, goodClaims, issuer, jwk, pem, rsa, sign, World, type KeyPair } from "../world.js";

const seed = 20_261_130;

const kinds = {
  RSA: rsa,
  "P-256": () => ec("P-256"),
  "P-384": () => ec("P-384"),
  "P-521": () => ec("P-521"),
  Ed25519: ed25519,
};

interface Hub {
  readonly world: World;
  /** The secret that the operator has set; undefined if the operator has set no secret. */
  readonly secret: string | undefined;
}

/** A key that the hub trusts, its public texts, and the hubs that an operator may set up with one of them. */
interface Target {
  readonly pair: KeyPair;
  readonly texts: readonly string[];
  readonly hubs: readonly Hub[];
}

/** The hub with these settings; none if it refuses to start. */
function hubOf(settings: IssuerSettings): readonly Hub[] {
  try {
    return [{ world: new World({ issuers: [{ issuer, ...settings }] }), secret: settings.secret }];
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return [];
    throw error;
  }
}

const unknownSecret = "a random secret that the attacker lacks";

function targetOf(pair: KeyPair): Target {
  const texts = Object.values(publicKeyForms).map((form) => form(pair));
  const set = JSON.stringify({ keys: [jwk(pair, { kid: "trusted" })] });
  return {
    pair,
    texts,
    hubs: [
      ...hubOf({ key: file(pem(pair)) }),
      ...hubOf({ jwks: file(set) }),
      ...texts.flatMap((secret) => hubOf({ secret })),
      ...hubOf({ key: file(pem(pair)), jwks: file(set), secret: unknownSecret }),
    ],
  };
}

/** The bytes of an HMAC key that somebody may try who has only the public texts. */
function guessedSecret(text: string, how: string): Buffer {
  const plain = text.replace(/^base64:/, "");
  return how === "text" ? Buffer.from(text) : Buffer.from(plain, how === "hex" ? "hex" : "base64");
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const forgery = fc.record({
  alg: fc.constantFrom("HS256", "HS256", ...algorithmNames, "none", "HS1", "hs256", "RS1", "ES256K"),
  kid: fc.constantFrom("trusted", "own", undefined, "../../dev/null"),
  form: fc.constantFrom("at+jwt", "JWT"),
  text: fc.nat(),
  decoding: fc.constantFrom("text", "text", "base64", "hex"),
  signature: fc.constantFrom("hmac", "hmac", "hmac", "own key", "none", "public text"),
  brings: fc.constantFrom("nothing", "jwk", "jku"),
});

type Forgery = typeof forgery extends fc.Arbitrary<infer Value> ? Value : never;

const own: KeyPair = ec("P-256");

/**
 * A token by somebody who knows these public texts, but no private key and no random secret. Such a person knows the
 * secret, too, if the operator has set one of the texts.
 */
function forge(
  texts: readonly string[],
  { alg, kid, form, text, decoding, signature, brings }: Forgery,
): string {
  const extras =
    brings === "jwk" ? { jwk: jwk(own) } : brings === "jku" ? { jku: "http://127.0.0.1:1/" } : {};
  const claims =
    form === "JWT"
      ? { ...goodClaims, authorization_details: undefined, mercure: { publish: ["*"] } }
      : goodClaims;
  const signed = `${encoded({ alg, typ: form, kid, ...extras })}.${encoded(claims)}`;
  const known = texts[text % texts.length] ?? "";
  const hash = `sha${/(?:256|384|512)$/.exec(alg)?.[0] ?? "256"}`;
  const ends: Readonly<Record<Forgery["signature"], () => Buffer>> = {
    hmac: () => createHmac(hash, guessedSecret(known, decoding)).update(signed).digest(),
    "own key": () =>
      signBytes("sha256", Buffer.from(signed), { key: own.privateKey, dsaEncoding: "ieee-p1363" }),
    none: () => Buffer.alloc(0),
    "public text": () => Buffer.from(known),
  };
  return `${signed}.${ends[signature]().toString("base64url")}`;
}

it(`whoever has only public keys can make no token, for any kind of key, algorithm and kid (seed ${seed})`, async () => {
  const targets = new Map(Object.entries(kinds).map(([kind, make]) => [kind, targetOf(make())]));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...targets.keys()), forgery, fc.nat(), async (kind, forged, which) => {
      const target = targets.get(kind);
      if (target === undefined) throw new Error(`no target for ${kind}`);
      const hub = target.hubs[which % target.hubs.length];
      const token = forge(
        target.texts.includes(hub?.secret ?? "") ? [hub?.secret ?? ""] : target.texts,
        forged,
      );
      const reason = await hub?.world.refusal(token);
      expect(reason).toEqual(expect.any(String));
      expect(target.texts.filter((text) => reason?.includes(text.slice(0, 24)))).toEqual([]);
      expect(token.split(".").filter((part) => part.length > 12 && reason?.includes(part))).toEqual([]);
    }),
    { seed, numRuns: 3000 },
  );
});

it("a hub with the key accepts the tokens of its owner, with each algorithm of the key", async () => {
  const algorithms = {
    RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "P-256": ["ES256"],
    "P-384": ["ES384"],
    "P-521": ["ES512"],
    Ed25519: ["EdDSA", "Ed25519"],
  };
  for (const [kind, make] of Object.entries(kinds)) {
    const { pair, hubs } = targetOf(make());
    expect([kind, hubs.length]).toEqual([kind, 3]);
    const headers = algorithms[kind as keyof typeof kinds].flatMap((alg) =>
      ["trusted", "another", undefined].map((kid) => ({ alg, kid })),
    );
    for (const header of headers) {
      const token = await sign({ header, key: pair.privateKey });
      for (const { world } of hubs) expect(await world.verify(token)).toMatchObject({ ok: true });
    }
  }
});
