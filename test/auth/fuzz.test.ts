import { createHmac } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  ec,
  everything,
  goodClaims,
  hubUrl,
  issuer,
  jwk,
  file,
  pem,
  rsa,
  secret,
  sign,
  signOlder,
  World,
} from "./world.js";
import { mutate, mutation } from "./token-mutations.js";

const seed = 20_261_121;

const pair = ec("P-256");
const rsaPair = rsa();
const jwks = JSON.stringify({ keys: [jwk(pair, { kid: "1" })] });

function hub(): World {
  return new World({
    issuers: [
      { issuer, secret, jwks: file(jwks), key: file(pem(rsaPair)) },
      { issuer: "https://other.example", secret: "another secret, of more than 32 bytes" },
    ],
  });
}

async function tokens(): Promise<readonly string[]> {
  return Promise.all([
    sign({}),
    sign({ header: { alg: "ES256", kid: "1" }, key: pair.privateKey }),
    sign({ header: { alg: "RS256" }, key: rsaPair.privateKey }),
    signOlder({ mercure: { publish: ["*"], subscribe: ["*"] } }),
  ]);
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signedText(header: unknown, claims: string): string {
  const text = `${encoded(header)}.${claims}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

describe(`tokens that were changed (seed ${seed})`, () => {
  it("are never accepted, and never a failure of the hub", async () => {
    const world = hub();
    const originals = await tokens();
    for (const token of originals) expect(await world.verify(token)).toMatchObject({ ok: true });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...originals), mutation, async (token, change) => {
        const changed = mutate(token, change);
        fc.pre(!originals.includes(changed));
        expect([changed, (await world.verify(changed)).ok]).toEqual([changed, false]);
      }),
      { seed, numRuns: 600 },
    );
    expect(world.log).toEqual([]);
  });

  it("are not accepted in any last character of any part", async () => {
    const world = hub();
    const changed = (await tokens()).flatMap(lastCharacterChanged);
    const verdicts = await Promise.all(changed.map((token) => world.verify(token)));
    expect(changed.filter((_, index) => verdicts[index]?.ok)).toEqual([]);
  });
});

/**
 * Copies of the token with another last character in one of the parts. Base64url does not use all bits of that
 * character.
 */
function lastCharacterChanged(token: string): readonly string[] {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. \n".split("");
  const ends = [token.indexOf(".") - 1, token.lastIndexOf(".") - 1, token.length - 1];
  return ends
    .flatMap((end) => letters.map((letter) => token.slice(0, end) + letter + token.slice(end + 1)))
    .filter((changed) => changed !== token);
}

it(`parts of several tokens put together are never accepted (seed ${seed})`, async () => {
  const world = hub();
  const originals = await tokens();
  const parts = originals.map((token) => token.split("."));
  const all = parts.flatMap(([header]) =>
    parts.flatMap(([, claims]) => parts.map(([, , signature]) => `${header}.${claims}.${signature}`)),
  );
  const mixed = [...new Set(all)];
  const verdicts = await Promise.all(mixed.map((token) => world.verify(token)));
  expect(mixed.filter((_, index) => verdicts[index]?.ok).toSorted()).toEqual(originals.toSorted());
});

it(`any text gets a verdict (seed ${seed})`, async () => {
  const world = hub();
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.base64String(),
    fc.array(fc.base64String()).map((all) => all.join(".")),
  );
  await fc.assert(
    fc.asyncProperty(text, async (token) => {
      expect((await world.verify(token)).ok).toBe(false);
    }),
    { seed, numRuns: 600 },
  );
  expect(world.log).toEqual([]);
});

describe(`claims of any shape, signed as they should be (seed ${seed})`, () => {
  const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });

  it.each(["authorization_details", "exp", "nbf", "iss", "aud", "sub", "iat"])(
    "%s: the hub never fails",
    async (name) => {
      const world = hub();
      await fc.assert(
        fc.asyncProperty(json, async (value) => {
          const claims = encoded({ ...goodClaims, [name]: value });
          await world.verify(signedText({ alg: "HS256", typ: "at+jwt" }, claims));
        }),
        { seed, numRuns: 150 },
      );
      expect(world.log).toEqual([]);
    },
  );

  it("details: what is accepted grants no more than its entries name", async () => {
    const world = hub();
    const member = fc.oneof(json, fc.constant(["publish"]), fc.constant([{ match: "a" }]), fc.constant({}));
    const entry = fc.oneof(
      json,
      fc.record(
        { ...mapped(everything, member), type: fc.constant(everything.type) },
        { requiredKeys: ["type"] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 3 }), async (details) => {
        const claims = encoded({ ...goodClaims, authorization_details: details });
        const verdict = await world.verify(signedText({ alg: "HS256", typ: "at+jwt" }, claims));
        const granted = verdict.ok ? [...verdict.grants.publish, ...verdict.grants.subscribe] : [];
        const named = JSON.stringify(details);
        expect(granted.filter(({ text }) => !named.includes(JSON.stringify(text)))).toEqual([]);
      }),
      { seed, numRuns: 500 },
    );
    expect(world.log).toEqual([]);
  });

  it.each(["mercure", "https://mercure.rocks/"])("%s: the hub never fails", async (name) => {
    const world = hub();
    const list = fc.oneof(json, fc.array(fc.string({ unit: "grapheme" })), fc.constant(["{a", "{?a*}", "*"]));
    const claim = fc.oneof(
      json,
      fc.record({ publish: list, subscribe: list, payload: json }, { requiredKeys: [] }),
    );
    await fc.assert(
      fc.asyncProperty(claim, async (value) => {
        await world.verify(signedText({ alg: "HS256" }, encoded({ [name]: value, aud: hubUrl })));
      }),
      { seed, numRuns: 300 },
    );
    expect(world.log).toEqual([]);
  });

  it("header: any member of any shape is accepted or refused", async () => {
    const world = hub();
    const header = fc.record(
      {
        alg: fc.oneof(json, fc.constant("HS256")),
        typ: fc.oneof(json, fc.constant("at+jwt")),
        kid: json,
        crit: json,
        b64: json,
        jwk: json,
        zip: json,
        cty: json,
      },
      { requiredKeys: ["alg", "typ"] },
    );
    await fc.assert(
      fc.asyncProperty(header, async (value) => {
        await world.verify(signedText(value, encoded(goodClaims)));
      }),
      { seed, numRuns: 600 },
    );
    expect(world.log).toEqual([]);
  });

  it("bytes that are not JSON or not UTF-8 are refused", async () => {
    const world = hub();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const claims = Buffer.from(bytes).toString("base64url");
        expect((await world.verify(signedText({ alg: "HS256", typ: "at+jwt" }, claims))).ok).toBe(false);
      }),
      { seed, numRuns: 600 },
    );
  });
});

function mapped<Value>(record: object, value: Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.keys(record).map((key) => [key, value]));
}
