import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { goodClaims, issuer, now, secret, sign, signOlder, World } from "../world.js";

const seed = 20_261_130;

function hub(leewaySeconds = 0): World {
  return new World({ issuers: [{ issuer, secret }], leewaySeconds });
}

it("a token is valid from the moment of its nbf, also if its times have fractions [RFC 7519 2]", async () => {
  // Some libraries write microseconds. The library for JSON web tokens rounds the hub's time down to seconds, so it
  // would refuse such a token for up to a second.
  const world = hub();
  world.clock.advance(700);
  const times = { iat: now + 0.700_123, nbf: now + 0.700_123, exp: now + 60.700_123 };
  expect(await world.grants(await sign({ claims: { ...goodClaims, ...times } }))).toMatchObject({
    expiresAtMs: now * 1000 + 60_700,
  });
  expect(await world.refusal(await sign({ claims: { ...goodClaims, nbf: now + 0.701 } }))).toBe(
    "it is not valid before 2026-01-01T00:00:00.701Z",
  );
});

describe("with a leeway of 60 seconds", () => {
  it("a token is valid 60 seconds longer, and its streams end then", async () => {
    const world = hub(60);
    const token = await sign({ claims: { ...goodClaims, exp: now + 1 } });
    world.clock.advance(60_999);
    expect(await world.grants(token)).toMatchObject({ expiresAtMs: (now + 61) * 1000 });
    world.clock.advance(1);
    expect(await world.refusal(token)).toContain("it expired at 2026-01-01T00:00:01Z, 60 seconds ago");
  });

  it("a token is valid 60 seconds earlier, in both forms", async () => {
    const world = hub(60);
    for (const nbf of [now + 60, now + 60.0004]) {
      expect(await world.verify(await sign({ claims: { ...goodClaims, nbf } }))).toMatchObject({ ok: true });
      expect(await world.verify(await signOlder({ nbf, mercure: {} }))).toMatchObject({ ok: true });
    }
    expect(await world.refusal(await signOlder({ nbf: now + 60.001, mercure: {} }))).toContain(
      "not valid before",
    );
  });
});

it("iat is not checked, as long as it is a number", async () => {
  expect(await hub().verify(await sign({ claims: { ...goodClaims, iat: now + 1e6 } }))).toMatchObject({
    ok: true,
  });
  expect(await hub().refusal(await sign({ claims: { ...goodClaims, iat: "now" } }))).toContain("its iat is");
});

it(`a token is valid from nbf less the leeway until exp plus the leeway, to the millisecond (seed ${seed})`, async () => {
  const tenths = (from: number, to: number) => fc.integer({ min: from, max: to }).map((ms) => ms / 10);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        leeway: fc.integer({ min: 0, max: 60 }),
        atMs: fc.integer({ min: 0, max: 130_000 }),
        nbfMs: tenths(0, 1_300_000),
        expMs: tenths(0, 1_300_000),
      }),
      async ({ leeway, atMs, nbfMs, expMs }) => {
        const world = hub(leeway);
        world.clock.advance(atMs);
        const [nbf, exp] = [now + nbfMs / 1000, now + expMs / 1000];
        const { ok } = await world.verify(await sign({ claims: { ...goodClaims, nbf, exp } }));
        const time = now * 1000 + atMs;
        const isValid =
          Math.floor(nbf * 1000) - leeway * 1000 <= time && time < Math.floor(exp * 1000) + leeway * 1000;
        expect(ok).toBe(isValid);
      },
    ),
    { seed, numRuns: 1000 },
  );
});
