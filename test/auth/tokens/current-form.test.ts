import { describe, expect, it } from "vitest";

import { matchesFilter } from "../../../src/hub/filters/filter.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import { ec, file, goodClaims, hubUrl, issuer, jwk, now, pem, rsa, secret, sign, World } from "../world.js";

describe("typ at+jwt or application/at+jwt, in any case (l.636-661)", () => {
  it.each(["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])("%s is taken", async (typ) => {
    expect((await new World().grants(await sign({ header: { typ } }))).form).toBe("current");
  });

  it.each([undefined, "JWT", "at+jwt;v=1", "text/at+jwt", "id+jwt", 1, null])(
    "%s is refused",
    async (typ) => {
      expect(await new World().refusal(await sign({ header: { typ } }))).toContain("allowed is at+jwt");
    },
  );
});

describe("alg is on an allow-list that suits the key, never none (l.636-661)", () => {
  it.each(["none", "None", "NONE"])("%s is refused, with and without a signature", async (alg) => {
    const [, claims] = (await sign({})).split(".");
    const header = Buffer.from(JSON.stringify({ alg, typ: "at+jwt" })).toString("base64url");
    expect(await new World().refusal(`${header}.${claims}.`)).toBe("it is not signed: its algorithm is none");
    expect(await new World().refusal(`${header}.${claims}.AAAA`)).toContain("algorithm is none");
  });

  it("an algorithm that the key's length does not carry is refused", async () => {
    const token = await sign({ header: { alg: "HS512" } });
    expect(await new World().refusal(token)).toBe(
      'its algorithm is "HS512"; the keys that may verify it allow HS256',
    );
  });

  it("a public key is never taken for a secret", async () => {
    const pair = rsa();
    const world = new World({ issuers: [{ issuer, key: file(pem(pair)) }] });
    const token = await sign({ key: Buffer.from(pem(pair)) });
    expect(await world.refusal(token)).toContain('its algorithm is "HS256"');
  });

  it("an algorithm that the settings leave out is refused, though it suits the key", async () => {
    const pair = rsa();
    const world = new World({ issuers: [{ issuer, key: file(pem(pair)), algorithms: ["PS256"] }] });
    expect(await world.refusal(await sign({ header: { alg: "RS256" }, key: pair.privateKey }))).toContain(
      "allow PS256",
    );
    expect(await world.verify(await sign({ header: { alg: "PS256" }, key: pair.privateKey }))).toMatchObject({
      ok: true,
    });
  });

  it.each([undefined, 1, null, ["HS256"]])("a header whose alg is %j is refused", async (alg) => {
    const [, claims, signature] = (await sign({})).split(".");
    const header = Buffer.from(JSON.stringify({ alg, typ: "at+jwt" })).toString("base64url");
    expect(await new World().refusal(`${header}.${claims}.${signature}`)).toContain("algorithm");
  });
});

describe("jwk, jku, x5u are ignored and kid is only a hint (l.636-661)", () => {
  it("a token that brings its own key is refused", async () => {
    const [trusted, own] = [ec("P-256"), ec("P-256")];
    const world = new World({ issuers: [{ issuer, key: file(pem(trusted)) }] });
    const header = {
      alg: "ES256",
      jwk: jwk(own),
      jku: "https://evil.example/jwks",
      x5u: "https://evil.example/x",
    };
    expect(await world.refusal(await sign({ header, key: own.privateKey }))).toContain(
      "signature is not by a key",
    );
    expect(await world.verify(await sign({ header, key: trusted.privateKey }))).toMatchObject({ ok: true });
  });

  it.each(["another", "", undefined, 7])(
    "kid %j does not keep the right key from being found",
    async (kid) => {
      const [one, two] = [ec("P-256"), ec("P-256")];
      const jwks = file(JSON.stringify({ keys: [jwk(one, { kid: "one" }), jwk(two, { kid: "two" })] }));
      const world = new World({ issuers: [{ issuer, jwks }] });
      const token = await sign({ header: { alg: "ES256", kid }, key: two.privateKey });
      expect(await world.verify(token)).toMatchObject({ ok: true });
    },
  );

  it("kid does not let a wrong key pass", async () => {
    const [one, stranger] = [ec("P-256"), ec("P-256")];
    const jwks = file(JSON.stringify({ keys: [jwk(one, { kid: "one" })] }));
    const world = new World({ issuers: [{ issuer, jwks }] });
    for (const kid of ["one", "../../dev/null", "' OR 1=1"])
      expect(
        await world.refusal(await sign({ header: { alg: "ES256", kid }, key: stranger.privateKey })),
      ).toContain("signature is not by a key of its issuer");
  });

  it("a header with a critical extension that nobody knows is refused [RFC 7515 4.1.11]", async () => {
    const token = await sign({ header: { crit: ["exotic"], exotic: true } });
    expect(await new World().refusal(token)).toContain("not a usable JSON web token");
  });
});

describe("keys are bound to issuers; iss is there and exactly equal", () => {
  const other = "https://other.example";
  const otherSecret = "another secret, of more than 32 bytes";
  const two = {
    issuers: [
      { issuer, secret },
      { issuer: other, secret: otherSecret },
    ],
  };

  it("a token is verified with the keys of its own issuer", async () => {
    const token = await sign({ claims: { ...goodClaims, iss: other }, key: Buffer.from(otherSecret) });
    expect((await new World(two).grants(token)).issuer).toBe(other);
  });

  it("one trusted issuer cannot make tokens in the name of another", async () => {
    const token = await sign({ claims: { ...goodClaims, iss: other } });
    expect(await new World(two).refusal(token)).toBe("its signature is not by a key of its issuer");
  });

  it.each([`${issuer}/`, issuer.toUpperCase(), ` ${issuer}`, "", "https://stranger.example"])(
    "iss %j is refused",
    async (iss) => {
      expect(await new World().refusal(await sign({ claims: { ...goodClaims, iss } }))).toBe(
        `its issuer is ${JSON.stringify(iss)}; trusted are "${issuer}"`,
      );
    },
  );

  it.each([undefined, null, 1, [issuer], {}])("iss %j is refused", async (iss) => {
    expect(await new World().refusal(await sign({ claims: { ...goodClaims, iss } }))).toMatch(/issuer|iss/);
  });

  it("without a configured issuer, the hub accepts tokens that name the hub itself as issuer", async () => {
    const world = new World({ issuers: [{ secret }] });
    expect(await world.verify(await sign({ claims: { ...goodClaims, iss: hubUrl } }))).toMatchObject({
      ok: true,
    });
    expect(await world.refusal(await sign({}))).toContain(`trusted are "${hubUrl}"`);
  });
});

describe("exp is required and enforced; nbf is enforced when present", () => {
  it("a token ends in the millisecond of its exp", async () => {
    const world = new World();
    const token = await sign({ claims: { ...goodClaims, exp: now + 1.5 } });
    expect((await world.grants(token)).expiresAtMs).toBe(now * 1000 + 1500);
    world.clock.advance(1499);
    expect(await world.verify(token)).toMatchObject({ ok: true });
    world.clock.advance(1);
    expect(await world.refusal(token)).toBe("it expired at 2026-01-01T00:00:01.500Z, 0 seconds ago");
    world.clock.advance(180_000);
    expect(await world.refusal(token)).toMatch(/^it expired at .*, 3 minutes ago$/);
  });

  it.each<[unknown, string]>([
    [undefined, "it has no exp, so it would never expire"],
    [null, "its exp is null; allowed is a number of seconds since 1970"],
    [`${now + 600}`, "its exp is "],
    [now, "it expired at 2026-01-01T00:00:00Z, 0 seconds ago"],
    [0, "it expired at 1970-01-01T00:00:00Z"],
    [-1e300, "it expired at the second -1e+300"],
    [1e300, "which is too late"],
  ])("exp %j is refused", async (exp, reason) => {
    expect(await new World().refusal(await sign({ claims: { ...goodClaims, exp } }))).toContain(reason);
  });

  it("an exp beyond the range of dates is refused", async () => {
    const [header] = (await sign({})).split(".");
    const claims = Buffer.from(JSON.stringify({ ...goodClaims, exp: 0 }).replace('"exp":0', '"exp":1e999'));
    const { createHmac } = await import("node:crypto");
    const signed = `${header}.${claims.toString("base64url")}`;
    const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    expect(await new World().refusal(token)).toContain("which is too late");
  });

  it("a token is refused before its nbf", async () => {
    const world = new World();
    const token = await sign({ claims: { ...goodClaims, nbf: now + 60 } });
    expect(await world.refusal(token)).toBe("it is not valid before 2026-01-01T00:01:00Z");
    world.clock.advance(60_000);
    expect(await world.verify(token)).toMatchObject({ ok: true });
  });

  it("an nbf that is not a number is refused", async () => {
    expect(await new World().refusal(await sign({ claims: { ...goodClaims, nbf: "now" } }))).toContain(
      "its nbf is",
    );
  });
});

describe("aud, a text or a list, contains the hub's resource identifier", () => {
  it.each([[hubUrl], [[hubUrl]], [["https://other.example", hubUrl]]])("%j is taken", async (aud) => {
    expect(await new World().verify(await sign({ claims: { ...goodClaims, aud } }))).toMatchObject({
      ok: true,
    });
  });

  it.each([
    undefined,
    null,
    "",
    `${hubUrl}/`,
    "https://hub.example",
    [],
    ["https://other.example"],
    { 0: hubUrl },
  ])("%j is refused", async (aud) => {
    expect(await new World().refusal(await sign({ claims: { ...goodClaims, aud } }))).toMatch(/\baud\b/);
  });

  it("the setting audience replaces the hub's URL", async () => {
    const world = new World({ issuers: [{ issuer, secret, audience: "urn:hub" }] });
    expect(await world.verify(await sign({ claims: { ...goodClaims, aud: "urn:hub" } }))).toMatchObject({
      ok: true,
    });
    expect(await world.refusal(await sign({}))).toBe(
      `it is for "${hubUrl}" (aud), not for this hub, which is "urn:hub"`,
    );
  });
});

describe("what a token grants", () => {
  it("is reported together with its subject", async () => {
    const grants = await new World().grants(await sign({}));
    expect(grants).toMatchObject({
      form: "current",
      mayPublish: true,
      issuer,
      subject: "somebody",
      expiresAtMs: (now + 600) * 1000,
    });
    const topic = parseTopic("https://example.org/1");
    expect(grants.publish.some((filter) => matchesFilter(filter, topic))).toBe(true);
    expect(grants.subscribe.some((filter) => matchesFilter(filter, topic))).toBe(true);
  });

  it("is nothing without authorization details", async () => {
    const token = await sign({ claims: { ...goodClaims, authorization_details: undefined } });
    expect(await new World().grants(token)).toMatchObject({ mayPublish: false, publish: [], subscribe: [] });
  });

  it("comes from the authorization details alone, also beside a mercure claim", async () => {
    const claims = {
      ...goodClaims,
      authorization_details: [],
      mercure: { publish: ["*"], subscribe: ["*"] },
    };
    expect(await new World().grants(await sign({ claims }))).toMatchObject({
      form: "current",
      mayPublish: false,
    });
  });
});

it("a token longer than the limit is refused before it is parsed", async () => {
  const token = await sign({ claims: { ...goodClaims, filler: "x".repeat(12_000) } });
  expect(await new World().refusal(token)).toMatch(/^it has \d+ characters; the limit is 12288$/);
  expect(await new World({ limits: { bytes: 20_000 } }).verify(token)).toMatchObject({ ok: true });
});

it("a token of 8 KB passes", async () => {
  const token = await sign({ claims: { ...goodClaims, filler: "x".repeat(5800) } });
  expect(token.length).toBeGreaterThan(8000);
  expect(await new World().verify(token)).toMatchObject({ ok: true });
});

it.each<[string, string]>([
  ["", "it is empty"],
  ["x", "three parts"],
  ["a.b", "three parts"],
  ["a.b.c.d", "three parts"],
  ["a.b.c.d.e", "it is encrypted (JWE)"],
  ["..", "not a JSON object"],
  ["e30.e30.", "its header has the algorithm nothing"],
  ["W10.e30.", "not a JSON object"],
  ["e30.W10.", "not a JSON object"],
  ["e30=.e30.", "not base64url"],
  ["e30.e3 0.", "not base64url"],
  ["e30.é.", "not base64url"],
])("%j is refused: %s", async (token, reason) => {
  expect(await new World().refusal(token)).toContain(reason);
});

it("a reason contains no control characters of terminals and no line ends", async () => {
  const iss = "\u001b[2J\u009b1m\n\r\u202e\u2028\u{e0001}".repeat(3);
  expect(await new World().refusal(await sign({ claims: { ...goodClaims, iss } }))).not.toMatch(
    /[\p{Cc}\p{Cf}\u2028\u2029]/u,
  );
});
