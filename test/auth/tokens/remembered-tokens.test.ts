import { writeFileSync } from "node:fs";

import { expect, it } from "vitest";

import type { Grants } from "../../../src/auth/grants/grants.js";
import { RememberedTokens } from "../../../src/auth/tokens/remembered-tokens.js";
import { ec, file, goodClaims, issuer, jwk, now, sign, World } from "../world.js";

function grants(expiresAtMs?: number): Grants {
  return {
    form: "older",
    publish: [],
    mayPublish: false,
    subscribe: [],
    expiresAtMs,
    issuer: undefined,
    subject: undefined,
    payloadFor: () => undefined,
  };
}

it("a verified token is cached for a minute, and never beyond its end", () => {
  const tokens = new RememberedTokens(10);
  const [long, short] = [grants(), grants(1000)];
  tokens.add("long", long, 0);
  tokens.add("short", short, 0);
  expect([tokens.get("long", 999), tokens.get("short", 999)]).toEqual([long, short]);
  expect([tokens.get("long", 1000), tokens.get("short", 1000)]).toEqual([long, undefined]);
  expect(tokens.get("long", 60_000)).toBeUndefined();
});

it("a full cache evicts the token that was verified longest ago", () => {
  const tokens = new RememberedTokens(2);
  for (const token of ["a", "b", "a", "c"]) tokens.add(token, grants(), 0);
  expect(["a", "b", "c"].map((token) => tokens.get(token, 1) !== undefined)).toEqual([true, false, true]);
});

it("no token is cached if the limit is 0", () => {
  const tokens = new RememberedTokens(0);
  tokens.add("a", grants(), 0);
  expect(tokens.get("a", 0)).toBeUndefined();
});

it("the rights of a cached token are the same object until it is verified again", async () => {
  const world = new World();
  const token = await sign({});
  const first = await world.grants(token);
  expect(await world.grants(token)).toBe(first);
  world.clock.advance(60_000);
  expect(await world.grants(token)).not.toBe(first);
});

it("a token whose key was withdrawn is refused within a minute of the keys' renewal", async () => {
  const pair = ec("P-256");
  const jwks = file(JSON.stringify({ keys: [jwk(pair)] }));
  const world = new World({ issuers: [{ issuer, jwks }] });
  const token = await sign({
    header: { alg: "ES256" },
    claims: { ...goodClaims, exp: now + 86_400 },
    key: pair.privateKey,
  });
  expect(await world.verify(token)).toMatchObject({ ok: true });
  writeFileSync(jwks, JSON.stringify({ keys: [jwk(ec("P-256"))] }));
  world.clock.advance(600_000);
  // This call starts the renewal, but still uses the old keys. For up to a minute, other calls may also use the old
  // keys.
  await world.verify(token);
  await world.verify(await sign({ header: { alg: "ES256" }, key: ec("P-256").privateKey }));
  world.clock.advance(60_000);
  expect(await world.verify(token)).toMatchObject({ ok: false });
});
