import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";

import { run } from "../../../src/cli/program.js";
import { ed25519 } from "../../auth/world.js";
import { FakeIo } from "../fake-io.js";

const secret = "a secret of the tests, 36 characters";
const withSecret = { PHAROS_TOKEN_SECRET: secret };
const hubUrl = "http://127.0.0.1:8080/.well-known/mercure";

function file(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-token-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, "file");
  writeFileSync(path, text);
  return path;
}

async function token(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = withSecret,
): Promise<string> {
  const io = new FakeIo({ environment });
  expect([await run(["token", ...args], io), io.stderr.text]).toEqual([0, ""]);
  expect(io.stdout.text).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return io.stdout.text.trim();
}

async function check(
  given: string | undefined,
  world: {
    readonly args?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly stdin?: string;
  } = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { args = [], environment = withSecret, stdin = "" } = world;
  const io = new FakeIo({ environment, stdin });
  const code = await run(["token", "check", ...args, ...(given === undefined ? [] : [given])], io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

describe("pharos token", () => {
  test("prints only a token, which a hub with the same settings accepts", async () => {
    const made = await token([
      "--publish",
      "a",
      "b",
      "--subscribe",
      "c",
      "--subscribe",
      "d",
      "--lifetime",
      "60",
    ]);
    const { iat = 0, ...claims } = decodeJwt(made);
    expect(claims).toMatchObject({ iss: hubUrl, aud: hubUrl, sub: "pharos", exp: iat + 60 });
    expect(await check(made)).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        'Publish: exact "a", exact "b".\nRead private publications: exact "c", exact "d".\n',
      ),
    });
  });

  test("takes issuer, audience and hub from options, else from the settings", async () => {
    const environment = {
      ...withSecret,
      PHAROS_TOKEN_ISSUER: "https://issuer.example",
      PHAROS_PUBLIC_URL: "https://hub.example",
    };
    const claims = decodeJwt(await token(["--publish", "*"], environment));
    expect(claims).toMatchObject({
      iss: "https://issuer.example",
      aud: "https://hub.example/.well-known/mercure",
    });
    const others = ["--issuer", "urn:i", "--audience", "urn:a", "--subject", "s"];
    expect(decodeJwt(await token(["--publish", "*", ...others], environment))).toMatchObject({
      iss: "urn:i",
      aud: "urn:a",
      sub: "s",
    });
  });

  // A hub on another port did not accept the token, and said only that it was not accepted.
  test.each(["http://127.0.0.1:9123", "http://127.0.0.1:9123/", "http://127.0.0.1:9123/.well-known/mercure"])(
    "is for the hub of --url %s",
    async (url) => {
      const made = await token(["--publish", "*", "--url", url]);
      const hub = "http://127.0.0.1:9123/.well-known/mercure";
      expect(decodeJwt(made)).toMatchObject({ iss: hub, aud: hub });
      expect(await check(made, { args: ["--http", "9123"] })).toMatchObject({ code: 0 });
      expect(await check(made)).toMatchObject({ code: 1 });
    },
  );

  test("takes the secret of a settings file, with its issuer, audience and algorithm", async () => {
    const one = { issuer: "urn:i", audience: "urn:a", secret: "s".repeat(64), algorithms: ["HS512"] };
    const config = file(JSON.stringify({ tokens: [{ key: "other.pem" }, one] }));
    const made = await token(["--config", config, "--subscribe", "*"], {});
    expect(decodeJwt(made)).toMatchObject({ iss: "urn:i", aud: "urn:a" });
    expect(decodeProtectedHeader(made)).toMatchObject({ alg: "HS512" });
  });

  test("signs with a private key", async () => {
    const { publicKey, privateKey } = ed25519();
    const key = file(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const made = await token(["--key", key, "--publish", "news/#", "--match-type", "mqtt"], {});
    const pem = file(publicKey.export({ type: "spki", format: "pem" }).toString());
    expect(await check(made, { args: ["--token-key", pem], environment: {} })).toMatchObject({
      code: 0,
      out: expect.stringContaining('Publish: mqtt "news/#".'),
    });
  });

  test("makes one of the older form", async () => {
    const made = await token([
      "--older",
      "--publish",
      "*",
      "--subscribe",
      "https://x/{id}",
      "--payload",
      "[1]",
    ]);
    expect(decodeJwt(made)["mercure"]).toEqual({
      publish: ["*"],
      subscribe: ["https://x/{id}"],
      payload: [1],
    });
    expect(await check(made)).toMatchObject({ code: 0, out: expect.stringContaining("of the older form") });
  });

  test.each<[readonly string[], RegExp]>([
    [[], /^pharos: the token would allow nothing/],
    [["--publish", "a", "--lifetime", "0"], /Allowed: a whole number of seconds from 1/],
    [["--publish", "a", "--lifetime", "1h"], /Allowed: a whole number of seconds from 1/],
    [["--publish", "a", "--match-type", "Exact"], /Allowed choices are exact, urlpattern, mqtt/],
    [
      ["--publish", "a", "--older", "--match-type", "mqtt"],
      /^pharos: --match-type cannot be combined with --older/,
    ],
    [
      ["--publish", "a", "--url", "8080"],
      /^pharos: .*public-url: given "8080", allowed: an http or https URL/,
    ],
    [["--publish", "a", "--payload", "{}"], /^pharos: --payload needs --subscribe/],
    [["--subscribe", "a", "--payload", "{"], /^pharos: --payload: given "\{", allowed: JSON/],
    [["--subscribe", "a", "--payload", "1"], /^pharos: a payload of the current form must be a JSON object/],
    [["--publish", ""], /^pharos: .*must not be empty/],
    [["--publish", "a/#/b", "--match-type", "mqtt"], /^pharos: # must stand alone/],
    [["--publish", "a", "--key", "/nowhere/key.pem"], /^pharos: cannot read the key file/],
    [["--publish", "a", "--config", "/nowhere/pharos.json"], /^pharos: --config: cannot read/],
    [["--publish", "a", "--secret", "x"], /unknown option '--secret'/],
  ])("%j is bad usage", async (args, text) => {
    const io = new FakeIo({ environment: withSecret });
    expect(await run(["token", ...args], io)).toBe(2);
    expect(io.stderr.text).toMatch(text);
    expect(io.stdout.text).toBe("");
  });

  test.each<[Readonly<Record<string, string>>, RegExp]>([
    [{}, /^pharos: no key to sign with: set PHAROS_TOKEN_SECRET/],
    [
      { PHAROS_TOKEN_SECRET: "hush" },
      /^pharos: PHAROS_TOKEN_SECRET: given "\(a secret\)", allowed: at least 32 bytes/,
    ],
  ])("the environment %j is bad usage", async (environment, text) => {
    const io = new FakeIo({ environment });
    expect(await run(["token", "--publish", "a"], io)).toBe(2);
    expect(io.stderr.text).toMatch(text);
    expect(io.stderr.text).not.toContain("hush");
  });
});

test("signs with the first issuer whose tokens may grant the rights", async () => {
  const [publishers, subscribers] = [
    "the publishers' secret of 40 characters.",
    `base64:${"c3Vi".repeat(11)}`,
  ];
  const tokens = [
    { secret: publishers, allows: ["publish"], issuer: "https://a.example" },
    { secret: subscribers, allows: ["subscribe"], issuer: "https://b.example" },
  ];
  const environment = { PHAROS_CONFIG: file(JSON.stringify({ tokens })) };
  const reader = await token(["--subscribe", "a"], environment);
  expect(decodeJwt(reader).iss).toBe("https://b.example");
  expect(decodeJwt(await token(["--publish", "a"], environment)).iss).toBe("https://a.example");
  expect((await check(reader, { environment })).out).toContain('Read private publications: exact "a".');
  const io = new FakeIo({ environment });
  await run(["token", "--publish", "a", "--subscribe", "a"], io);
  expect(io.stderr.text).toContain(
    "no issuer of the settings that has a secret allows these rights (allows)",
  );
});

test("check accepts a token within the leeway", async () => {
  const made = await token(["--publish", "a", "--lifetime", "1"]);
  const environment = { ...withSecret, PHAROS_TOKEN_LEEWAY: "60" };
  expect((await check(made, { environment })).out).toMatch(
    /^Valid until .*, for (?:59|60|61) seconds more\.$/m,
  );
});

describe("pharos token check", () => {
  test("reads the token from standard input, with or without the word Bearer", async () => {
    const made = await token(["--publish", "a"]);
    for (const stdin of [`${made}\n`, `\n  Bearer ${made}\r\n`])
      expect(await check(undefined, { stdin })).toMatchObject({ code: 0, err: "" });
  });

  test("prints why a token is refused", async () => {
    const made = await token(["--publish", "a", "--audience", "https://other.example"]);
    expect(await check(made)).toEqual({
      code: 1,
      out: `Refused: it is for "https://other.example" (aud), not for this hub, which is "${hubUrl}".\n`,
      err: "",
    });
    expect(await check("nonsense")).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Refused: it is not a JSON web/),
    });
  });

  test("takes the settings that serve takes", async () => {
    const made = await token(["--publish", "a", "--audience", "https://hub.example/.well-known/mercure"]);
    const args = ["--public-url", "https://hub.example", "--token-issuer", hubUrl];
    expect(await check(made, { args })).toMatchObject({ code: 0 });
  });

  test("takes a settings file of its own, not that of pharos token", async () => {
    const config = file(JSON.stringify({ tokenSecret: secret }));
    const made = await token(["--config", config, "--publish", "a"], {});
    expect(await check(made, { args: ["--config", config], environment: {} })).toMatchObject({
      code: 0,
      err: "",
    });
  });

  test("keys that cannot be loaded differ from a usage error in the log and the exit code", async () => {
    const made = await token(["--publish", "a"]);
    const args = ["--token-jwks", "http://127.0.0.1:1/jwks", "--token-issuer", hubUrl];
    const { code, out, err } = await check(made, { args, environment: {} });
    expect([code, out]).toEqual([
      1,
      "Refused: the keys of its issuer could not be loaded; the log says why.\n",
    ]);
    expect(err).toContain("keys for tokens could not be loaded");
  });

  test.each<[readonly string[], Readonly<Record<string, string>>, RegExp]>([
    [["a.b.c"], {}, /^pharos: no key for tokens: set --token-key, --token-jwks or PHAROS_TOKEN_SECRET/],
    [[], withSecret, /^pharos: no token: pass it as an argument or on standard input/],
    [["--token-key", "/nowhere/key.pem", "a.b.c"], {}, /^pharos: cannot read the key file/],
    [["--token-jwks", "http://example.org/jwks", "a.b.c"], {}, /an https URL/],
    [["--token-issuer", "urn:i", "a.b.c"], {}, /^pharos: the issuer urn:i has no key/],
    [["a.b.c", "d"], withSecret, /too many arguments/],
  ])("%j is bad usage", async (args, environment, text) => {
    const { code, out, err } = await check(undefined, { args, environment });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(text);
  });
});
