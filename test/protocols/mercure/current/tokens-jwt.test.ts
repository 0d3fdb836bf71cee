import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, it } from "vitest";
import { run } from "../../../../src/cli/program.js";
import { ec, ed25519, file, jwk, pem, rsa } from "../../../auth/world.js";
import type { KeyPair } from "../../../auth/world.js";
import { FakeIo } from "../../../cli/fake-io.js";
import { bearer } from "../../../contract/mercure-client.js";
import type { Site } from "../../../contract/site.js";
import type { SignOptions } from "../../../support/token.js";
import { detail, hubUrl, issuer, secret, signCurrent } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { hubOfFile, publish, startHub } from "../../hub.js";

const hub = hubOfFile();
const everything = detail("publish", ["*"]);
const now = (): number => Math.floor(Date.now() / 1000);

/** The answer to publishing with a token. */
async function answerTo(token: string, site: Site = hub()): Promise<string> {
  const { status, headers } = await publish(site, "topic=a", bearer(token));
  return [status, headers.get("www-authenticate")].filter((part) => part !== undefined).join(" ");
}

const sign = ({ claims = {}, ...others }: SignOptions): Promise<string> =>
  signCurrent({ ...others, claims: { authorization_details: [everything], ...claims } });

const refused = '401 Bearer error="invalid_token"';

/** A hub without a secret. The hub accepts tokens of an issuer with these public keys. */
function hubWithKeys(...keys: readonly (readonly [KeyPair, object])[]): Promise<Site> {
  const jwks = { keys: keys.map(([pair, members]) => jwk(pair, { ...members })) };
  return startHub({ PHAROS_TOKEN_SECRET: "", PHAROS_TOKEN_JWKS: file(JSON.stringify(jwks)) });
}

box("current, Tokens", "l.636-661: JWT header", () => {
  it.each([
    ["at+jwt", "200"],
    ["AT+JWT", "200"],
    ["application/at+jwt", "200"],
    ["Application/At+Jwt", "200"],
    ["JWT", refused],
    ["jwt", refused],
    ["text/at+jwt", refused],
    ["at+jwt ", refused],
    ["id_token+jwt", refused],
    [undefined, refused],
  ])("typ %j gets %s", async (typ, answer) => {
    expect(await answerTo(await sign({ header: { typ } }))).toBe(answer);
  });

  it.each(["none", "None", "nOnE", "", "HS384", "HS512", "RS256"])(
    "alg %j, unsigned or not, is refused",
    async (alg) => {
      const [, claims, signature] = (await sign({})).split(".");
      const header = Buffer.from(JSON.stringify({ alg, typ: "at+jwt" })).toString("base64url");
      for (const token of [`${header}.${claims}.`, `${header}.${claims}.${signature}`])
        expect([refused, '400 Bearer error="invalid_request"']).toContain(await answerTo(token));
    },
  );

  it.each<[string, () => KeyPair]>([
    ["EdDSA", ed25519],
    ["ES256", () => ec("P-256")],
    ["RS256", rsa],
    ["PS256", rsa],
  ])("alg %s is taken", async (alg, pair) => {
    const keys = pair();
    const site = await hubWithKeys([keys, {}]);
    expect(await answerTo(await sign({ header: { alg }, key: keys.privateKey }), site)).toBe("200");
  });

  it("alg must suit the key: a public key is no secret", async () => {
    const keys = rsa();
    const site = await hubWithKeys([keys, {}]);
    expect(await answerTo(await sign({ key: Buffer.from(pem(keys)) }), site)).toBe(refused);
    const other = ec("P-256");
    const token = await sign({ header: { alg: "ES256" }, key: other.privateKey });
    expect(await answerTo(token, site)).toBe(refused);
  });

  it.each(["jwk", "jku", "x5u", "x5c"])("%s of the token is ignored", async (member) => {
    const [trusted, own] = [ec("P-256"), ec("P-256")];
    const site = await hubWithKeys([trusted, {}]);
    const value = {
      jwk: jwk(own),
      jku: "https://evil.example/",
      x5u: "https://evil.example/",
      x5c: ["AA=="],
    };
    const header = { alg: "ES256", [member]: value[member as keyof typeof value] };
    expect(await answerTo(await sign({ header, key: own.privateKey }), site)).toBe(refused);
    expect(await answerTo(await sign({ header, key: trusted.privateKey }), site)).toBe("200");
  });

  it.each(["one", "two", "unknown", "", "../../dev/null", undefined])(
    "kid %j is a hint alone",
    async (kid) => {
      const [one, two, stranger] = [ec("P-256"), ec("P-256"), ec("P-256")];
      const site = await hubWithKeys([one, { kid: "one" }], [two, { kid: "two" }]);
      const signed = (pair: KeyPair): Promise<string> =>
        sign({ header: { alg: "ES256", kid }, key: pair.privateKey });
      expect(await answerTo(await signed(two), site)).toBe("200");
      expect(await answerTo(await signed(stranger), site)).toBe(refused);
    },
  );
});

box("current, Tokens", "Keys bound to issuers", () => {
  const other = { issuer: "https://other.example", secret: "another secret, of more than 32 bytes" };
  const key = Buffer.from(other.secret);
  const rows: readonly (readonly [string, SignOptions, string])[] = [
    ["the one issuer with its key", {}, "200"],
    ["the other one with its key", { claims: { iss: other.issuer }, key }, "200"],
    ["the one issuer with the other's key", { key }, refused],
    ["the other one with the first's key", { claims: { iss: other.issuer } }, refused],
    ["nobody", { claims: { iss: undefined } }, refused],
    ["a stranger", { claims: { iss: "https://stranger.example" } }, refused],
    ["an issuer that is not exactly equal", { claims: { iss: `${issuer}/` } }, refused],
    ["an issuer in capitals", { claims: { iss: issuer.toUpperCase() } }, refused],
    ["a list with the issuer", { claims: { iss: [issuer] } }, refused],
    ["null", { claims: { iss: null } }, refused],
  ];
  it.each(rows)("a token by %s", async (_name, options, answer) => {
    const site = await startHub({ PHAROS_CONFIG: file(JSON.stringify({ tokens: [other] })) });
    expect(await answerTo(await sign(options), site)).toBe(answer);
  });
});

box("current, Tokens", "exp, nbf, aud", () => {
  const rows: readonly (readonly [string, () => Readonly<Record<string, unknown>>, string])[] = [
    ["an hour", () => ({ exp: now() + 3600 }), "200"],
    ["no exp", () => ({ exp: undefined }), refused],
    ["an exp in the past", () => ({ exp: now() - 1 }), refused],
    ["an exp that is this second", () => ({ exp: now() }), refused],
    ["an exp that is a text", () => ({ exp: String(now() + 3600) }), refused],
    ["the exp null", () => ({ exp: null }), refused],
    ["an nbf in the past", () => ({ nbf: now() - 1 }), "200"],
    ["an nbf in the future", () => ({ nbf: now() + 60 }), refused],
    ["an nbf that is a text", () => ({ nbf: "now" }), refused],
    ["no aud", () => ({ aud: undefined }), refused],
    ["the hub's URL in a list", () => ({ aud: ["https://other.example", hubUrl] }), "200"],
    ["another aud", () => ({ aud: "https://other.example" }), refused],
    ["an empty list", () => ({ aud: [] }), refused],
    ["the hub's origin", () => ({ aud: "https://hub.example" }), refused],
    ["the hub's URL and a slash", () => ({ aud: `${hubUrl}/` }), refused],
    ["the hub's URL in capitals", () => ({ aud: hubUrl.toUpperCase() }), refused],
  ];
  it.each(rows)("%s", async (_name, claims, answer) => {
    expect(await answerTo(await sign({ claims: claims() }))).toBe(answer);
  });

  it("another audience may be configured", async () => {
    const one = { issuer: "urn:one", secret, audience: "urn:hub" };
    const site = await startHub({ PHAROS_CONFIG: file(JSON.stringify({ tokens: [one] })) });
    const signed = (aud: string): Promise<string> => sign({ claims: { iss: "urn:one", aud } });
    expect(await answerTo(await signed("urn:hub"), site)).toBe("200");
    expect(await answerTo(await signed(hubUrl), site)).toBe(refused);
  });
});

box("current, Tokens", "Issuer side", () => {
  const made = async (...args: readonly string[]): Promise<string> => {
    const io = new FakeIo({ environment: { PHAROS_TOKEN_SECRET: secret } });
    const all = ["token", "--issuer", issuer, "--audience", hubUrl, ...args];
    expect([await run(all, io), io.stderr.text]).toEqual([0, ""]);
    return io.stdout.text.trim();
  };

  it.each(["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "authorization_details"])(
    "pharos token writes %s",
    async (claim) => {
      expect(decodeJwt(await made("--publish", "*"))[claim]).toBeTruthy();
    },
  );

  it("pharos token writes what the hub takes, each with a jti of its own", async () => {
    const tokens = [await made("--publish", "*"), await made("--publish", "*")];
    expect(tokens.map((token) => decodeProtectedHeader(token).typ)).toEqual(["at+jwt", "at+jwt"]);
    expect(new Set(tokens.map((token) => decodeJwt(token).jti)).size).toBe(2);
    for (const token of tokens) expect(await answerTo(token)).toBe("200");
  });
});

box("current, Tokens", "authorization_details", () => {
  const topics = [{ match: "a" }];
  const rows: readonly (readonly [string, unknown, string])[] = [
    ["one good entry", [everything], "200"],
    ["an entry of another type beside it", [{ type: "other", actions: 1 }, everything], "200"],
    ["an entry of another type alone", [{ ...everything, type: "other" }], "403"],
    [
      "a type in other letters",
      [{ ...everything, type: "https://mercure.rocks/Authorization-Detail" }],
      "403",
    ],
    ["an unknown action beside publish", [{ ...everything, actions: ["publish", "delete"] }], "200"],
    ["an unknown action alone", [{ ...everything, actions: ["Publish"] }], "403"],
    ["match_type exact", [{ ...everything, topics: [{ match: "a", match_type: "exact" }] }], "200"],
    [
      "match_type urlpattern",
      [{ ...everything, topics: [{ match: ":x", match_type: "urlpattern" }] }],
      "200",
    ],
    ["a payload", [{ ...everything, payload: { a: 1 } }], "200"],
    ["an empty list", [], "403"],
    ["no list", { 0: everything }, "401"],
    ["a text", "publish", "401"],
    ["an entry that is no object", [everything, "publish"], "401"],
    ["an entry without a type", [everything, { actions: ["publish"], topics }], "401"],
    ["no actions", [everything, { ...everything, actions: undefined }], "401"],
    ["empty actions", [everything, { ...everything, actions: [] }], "401"],
    ["actions that are a text", [everything, { ...everything, actions: "publish" }], "401"],
    ["an action that is a number", [everything, { ...everything, actions: ["publish", 1] }], "401"],
    ["no topics", [everything, { ...everything, topics: undefined }], "401"],
    ["empty topics", [everything, { ...everything, topics: [] }], "401"],
    ["a topic that is a text", [everything, { ...everything, topics: ["a"] }], "401"],
    ["a topic without match", [everything, { ...everything, topics: [{}] }], "401"],
    ...["\u0000", "\u007f", "\u0085", "\u00ad", "\u200b", "\u200e", "\u{e0065}"].map(
      (character) =>
        [
          `a match with U+${character.codePointAt(0)?.toString(16).padStart(4, "0")}`,
          [everything, { ...everything, topics: [{ match: `a${character}` }] }],
          "401",
        ] as const,
    ),
    [
      "an unknown match_type",
      [everything, { ...everything, topics: [{ match: "a", match_type: "regex" }] }],
      "401",
    ],
    [
      "a match_type in other letters",
      [everything, { ...everything, topics: [{ match: "a", match_type: "Exact" }] }],
      "401",
    ],
    [
      "an unknown match_type of *",
      [everything, { ...everything, topics: [{ match: "*", match_type: "x" }] }],
      "401",
    ],
    [
      "a malformed URL pattern",
      [everything, { ...everything, topics: [{ match: "(", match_type: "urlpattern" }] }],
      "401",
    ],
    ["a payload that is no object", [everything, { ...everything, payload: "x" }], "401"],
    ["101 entries", Array.from({ length: 101 }, () => everything), "401"],
    ["101 topics", [{ ...everything, topics: Array.from({ length: 101 }, () => ({ match: "a" })) }], "401"],
  ];
  const answers: Readonly<Record<string, string>> = {
    "200": "200",
    "401": refused,
    "403": '403 Bearer error="insufficient_scope"',
  };
  it.each(rows)("%s", async (_name, authorization_details, status) => {
    expect(await answerTo(await sign({ claims: { authorization_details } }))).toBe(answers[status]);
  });
});
