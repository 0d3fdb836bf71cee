import { describe, expect, it } from "vitest";

import type { Grants } from "../../../src/auth/grants/grants.js";
import { matchesFilter } from "../../../src/hub/filters/filter.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { everything, hubUrl, issuer, now, secret, sign, signOlder, World } from "../world.js";

const all = { mercure: { publish: ["*"], subscribe: ["*"] } };

function grants(filters: Grants["publish"], topic: string): boolean {
  return filters.some((filter) => matchesFilter(filter, parseHubTopic(topic)));
}

it("the token of the public examples is accepted, which has no issuer, audience or end", async () => {
  const world = new World({
    issuers: [{ issuer: "https://localhost", secret: "!ChangeThisMercureHubJWTSecretKey!" }],
  });
  const token =
    "eyJhbGciOiJIUzI1NiJ9.eyJtZXJjdXJlIjp7InB1Ymxpc2giOlsiKiJdLCJzdWJzY3JpYmUiOlsiKiJdfX0.bVXdlWXwfw9ySx7-iV5OpUSHo34RkjUdVzDLBcc6l_g";
  expect(await world.grants(token)).toMatchObject({
    form: "older",
    mayPublish: true,
    expiresAtMs: undefined,
    issuer: undefined,
    subject: undefined,
  });
});

describe("told from the current form by typ at+jwt and authorization_details against the mercure claim", () => {
  it.each([undefined, "JWT", "jwt", "application/jwt"])(
    "typ %j with a mercure claim is the older form",
    async (typ) => {
      expect((await new World().grants(await signOlder(all, { header: { typ } }))).form).toBe("older");
    },
  );

  it("typ at+jwt makes it the current form, whose rules hold", async () => {
    const token = await signOlder(all, { header: { typ: "at+jwt" } });
    expect(await new World().refusal(token)).toBe("it names no issuer (iss)");
  });

  it("authorization_details make it the current form, whose type it then has to have", async () => {
    const token = await signOlder({ ...all, authorization_details: [everything] });
    expect(await new World().refusal(token)).toContain("has authorization_details, but the type nothing");
  });

  it.each(["id_token+jwt", "dpop+jwt", "secevent+jwt", "logout+jwt", 1, null])(
    "typ %j says that the token was made for another purpose, and is refused",
    async (typ) => {
      expect(await new World().refusal(await signOlder(all, { header: { typ } }))).toContain("but the type");
    },
  );

  it.each([{}, { sub: "x" }, { mercure: null }, { "https://mercure.rocks/": null }])(
    "%j is of neither form",
    async (claims) => {
      expect(await new World().refusal(await signOlder(claims))).toContain(
        "no mercure claim and no authorization_details",
      );
    },
  );
});

describe("the claim is mercure, or https://mercure.rocks/, which wins", () => {
  it("alone", async () => {
    const token = await signOlder({ "https://mercure.rocks/": { publish: ["a"] } });
    expect((await new World().grants(token)).publish.map(({ text }) => text)).toEqual(["a"]);
  });

  it("beside the other", async () => {
    const token = await signOlder({ ...all, "https://mercure.rocks/": { subscribe: ["a"] } });
    expect(await new World().grants(token)).toMatchObject({ mayPublish: false, subscribe: [{ text: "a" }] });
  });
});

describe("selectors: * is all, identical text matches, else an RFC 6570 template", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["*", ["a", "$x"], []],
    ["https://example.org/1", ["https://example.org/1"], ["https://example.org/2"]],
    [
      "https://example.org/{id}",
      ["https://example.org/1", "https://example.org/{id}"],
      ["https://example.org/1/2"],
    ],
    [
      "/.well-known/mercure/subscriptions{/topic}{/subscriber}",
      ["/.well-known/mercure/subscriptions", "/.well-known/mercure/subscriptions/a/b"],
      ["/.well-known/mercure"],
    ],
    ["news/#", ["news/#"], ["news/a"]],
  ])("%j", async (selector, granted, others) => {
    const token = await signOlder({ mercure: { subscribe: [selector] } });
    const { subscribe } = await new World().grants(token);
    for (const topic of granted) expect.soft(grants(subscribe, topic), topic).toBe(true);
    for (const topic of others) expect.soft(grants(subscribe, topic), topic).toBe(false);
  });
});

describe("publish", () => {
  it.each([[[]], [undefined], [null]])("%j allows to publish nothing", async (publish) => {
    const token = await signOlder({ mercure: { publish, subscribe: ["*"] } });
    expect(await new World().grants(token)).toMatchObject({ mayPublish: false, publish: [] });
  });
});

it.each<[string, unknown]>([
  ["a claim that is a text", "*"],
  ["a claim that is a list", ["*"]],
  ["a list that is a text", { publish: "*" }],
  ["a list that is an object", { subscribe: { 0: "*" } }],
  ["a selector that is no text", { subscribe: ["*", 1] }],
  ["a selector that is null", { publish: [null] }],
  ["an empty selector", { publish: [""] }],
  ["a selector with a control character", { publish: ["*", "a\n"] }],
  ["a selector that is too long", { publish: ["a".repeat(1025)] }],
])("%s is refused", async (_, mercure) => {
  expect(await new World().refusal(await signOlder({ mercure }))).toMatch(/mercure/);
});

it("at most 1000 selectors are taken in each list", async () => {
  const list = (length: number) => Array.from({ length }, (_, index) => `${index}`);
  const world = new World();
  expect(
    (await world.grants(await signOlder({ mercure: { subscribe: list(1000) } }))).subscribe,
  ).toHaveLength(1000);
  for (const name of ["publish", "subscribe"])
    expect(await world.refusal(await signOlder({ mercure: { [name]: list(1001) } }))).toContain(
      "allowed are 1000",
    );
});

it.each([{ a: 1 }, "text", 0, null, [1]])(
  "the one payload %j belongs to every subscription",
  async (payload) => {
    const grants = await new World().grants(await signOlder({ mercure: { subscribe: ["a"], payload } }));
    expect(grants.payloadFor("b")).toEqual(payload);
  },
);

describe("exp and nbf are enforced when present, not required", () => {
  it.each<[object, string]>([
    [{ exp: now - 1 }, "it expired at 2025-12-31T23:59:59Z, 1 second ago"],
    [{ exp: now }, "it expired"],
    [{ exp: null }, "its exp is null"],
    [{ exp: "tomorrow" }, "its exp is"],
    [{ nbf: now + 1 }, "it is not valid before"],
  ])("%j is refused", async (claims, reason) => {
    expect(await new World().refusal(await signOlder({ ...all, ...claims }))).toContain(reason);
  });

  it("a token ends at its exp", async () => {
    const token = await signOlder({ ...all, exp: now + 1, nbf: now });
    expect((await new World().grants(token)).expiresAtMs).toBe((now + 1) * 1000);
  });
});

describe("any configured key verifies it, unless its iss says otherwise", () => {
  const other = { issuer: "https://other.example", secret: "another secret, of more than 32 bytes" };
  const two = { issuers: [{ issuer, secret }, other] };
  const key = Buffer.from(other.secret);

  it.each([{}, { iss: other.issuer }])("%j", async (claims) => {
    expect(await new World(two).verify(await signOlder({ ...all, ...claims }, { key }))).toMatchObject({
      ok: true,
    });
  });

  it.each([{ iss: issuer }, { iss: "https://stranger.example" }, { iss: 1 }])(
    "%j is refused",
    async (claims) => {
      expect(await new World(two).verify(await signOlder({ ...all, ...claims }, { key }))).toMatchObject({
        ok: false,
      });
    },
  );

  it("without a configured issuer, every iss is accepted", async () => {
    const world = new World({ issuers: [{ secret }] });
    expect(await world.verify(await signOlder({ ...all, iss: "https://anybody.example" }))).toMatchObject({
      ok: true,
    });
  });
});

describe("an audience is not needed, but one that is there is enforced [RFC 7519 4.1.3]", () => {
  it.each([hubUrl, [hubUrl, "x"]])("%j", async (aud) => {
    expect(await new World().verify(await signOlder({ ...all, aud }))).toMatchObject({ ok: true });
  });

  it.each(["https://other.example", [], null])("%j is refused", async (aud) => {
    expect(await new World().refusal(await signOlder({ ...all, aud }))).toContain("(aud), not for this hub");
  });
});

it("a signature with another key is refused", async () => {
  const token = await sign({ header: { typ: undefined }, claims: all, key: Buffer.from("x".repeat(36)) });
  expect(await new World().refusal(token)).toBe("its signature is not by a key of its issuer");
});
