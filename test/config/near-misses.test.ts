import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as fc from "fast-check";
import { expect, it, onTestFinished, test } from "vitest";

import { PharosError } from "../../src/base/errors.js";
import { variableName } from "../../src/config/declare/setting.js";
import { loadConfig } from "../../src/config/load.js";
import { settings } from "../../src/config/settings.js";

const seed = 20_261_130;

/** The error text of a configuration; the empty text if the configuration is allowed. */
function refusalOf(load: () => unknown): string {
  try {
    load();
    return "";
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return error.message;
    throw error;
  }
}

const words = fc.constantFrom(
  ..."on off 0 1 5 -1 1.5 1e3 0x10 NaN true null 127.0.0.1:8080 [::1]:8080 10.0.0.0/8 ipc://x @tcp://127.0.0.1:9997".split(
    " ",
  ),
  ..."https://a.example https://a.example/ * https://*.a.example capacitor://localhost hub_token base64:AAAA".split(
    " ",
  ),
);
const nearMiss = fc
  .tuple(
    fc.oneof(words, fc.string({ maxLength: 12 })),
    fc.constantFrom("", "", " ", "/", ",", ":", "=", ";", "*", "\n", "%", "\u202E", "0".repeat(200)),
    fc.boolean(),
  )
  .map(([word, end, isUpper]) => (isUpper ? word.toUpperCase() : word) + end);

it(`each setting takes a value, or says what is allowed and quotes the value, unless it is a secret (seed ${seed})`, () => {
  const setting = fc.constantFrom(...settings);
  fc.assert(
    fc.property(setting, nearMiss, ({ option, secret, form }, value) => {
      const text = refusalOf(() =>
        secret === true
          ? loadConfig({ environment: { [variableName(option)]: value } })
          : loadConfig({ options: new Map([[option, form === "list" ? [value] : value]]) }),
      );
      if (text === "") return;
      expect(text).toMatch(/: given .*, allowed: \S/s);
      expect(text).not.toMatch(/undefined|\[object|Invalid input/);
      expect(text).toContain(`${secret === true ? variableName(option) : `--${option}`}: given `);
      expect(text.includes("(a secret)")).toBe(secret === true);
    }),
    { seed, numRuns: 3000 },
  );
});

test.each<[string, string, RegExp]>([
  ["token-leeway", "61", /given 61, allowed: a whole number from 0 to 60$/],
  ["token-leeway", "-1", /given "-1", allowed: a whole number from 0 to 60$/],
  ["token-leeway", "1.5", /given 1.5, allowed: a whole number from 0 to 60$/],
  ["token-leeway", "5s", /given "5s", allowed: a whole number from 0 to 60$/],
  ["cookie-name", "", /given "", allowed: 1 to 128 letters/],
  ["cookie-name", "a=b", /given "a=b", allowed: 1 to 128 letters/],
  ["cookie-name", "hub token", /given "hub token", allowed: 1 to 128 letters/],
  ["cookie-name", "é", /given "é", allowed: 1 to 128 letters/],
  ["cookie-name", "x".repeat(129), /allowed: 1 to 128 letters/],
])("--%s %s is refused", (option, value, text) => {
  expect(refusalOf(() => loadConfig({ options: new Map([[option, value]]) }))).toMatch(text);
});

test("the leeway and the name of the cookie are settings", () => {
  const options = new Map([
    ["token-leeway", "60"],
    ["cookie-name", "__Host-hub_token"],
  ]);
  expect(loadConfig({ options })).toMatchObject({ tokenLeeway: 60, cookieName: "__Host-hub_token" });
  expect(loadConfig().tokenLeeway).toBe(0);
});

const secret = "Zm9vYmFyYmF6cXV4enl4d3Z1dHNycXBvbm1sa2ppaGdm";

/** The error text for a settings file with this content. */
function refusalOfFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = join(folder, "pharos.json");
  writeFileSync(config, content);
  return refusalOf(() => loadConfig({ options: new Map([["config", config]]) }));
}

test("a secret in the place of an issuer is not quoted", () => {
  expect(refusalOfFile(JSON.stringify({ tokens: [secret] }))).toMatch(
    /^tokens\.0 in .*given "\(a secret\)", allowed:/,
  );
});

test("the query of the URL of a JWK set, which may have a secret, is not quoted", () => {
  const issuer = { jwks: "https://id.example/jwks?key=SECRET" };
  for (const tokens of [issuer, [{ ...issuer, allows: [] }], [[issuer]]])
    expect(refusalOfFile(JSON.stringify({ tokens }))).not.toContain("SECRET");
  expect(refusalOfFile(JSON.stringify({ tokens: issuer }))).toContain('"jwks":"(a secret)"');
});

test("an error of a settings file that is no JSON names the line", () => {
  expect(refusalOfFile(`{\n"open": "on",\n"tokenSecret": ${secret}\n}`)).toMatch(
    /pharos\.json: not JSON: Unexpected token 'Z' in line 3$/,
  );
});

test.each([
  ["allows", { tokens: [{ secret, allows: [] }] }, /allowed: some of publish, subscribe and manage/],
  [
    "allows",
    { tokens: [{ secret, allows: ["read"] }] },
    /given "read", allowed: some of publish, subscribe and/,
  ],
  ["allows", { tokens: [{ secret, allows: "publish" }] }, /given "publish", allowed: a list/],
])("a wrong %s of an issuer is refused: %j", (_name, content, text) => {
  expect(refusalOfFile(JSON.stringify(content))).toMatch(text);
});

it(`no error of a broken settings file has a part of its secrets (seed ${seed})`, () => {
  const whole = JSON.stringify(
    { tokenSecret: secret, adminToken: secret, tokens: [{ secret, issuer: "x" }] },
    undefined,
    1,
  );
  const cut = fc.record({
    at: fc.nat({ max: whole.length }),
    length: fc.nat({ max: 3 }),
    put: fc.constantFrom("", '"', "}", ",", "x", "\n", "\\"),
  });
  fc.assert(
    fc.property(cut, ({ at, length, put }) => {
      const text = refusalOfFile(whole.slice(0, at) + put + whole.slice(at + length));
      for (let start = 0; start + 8 <= secret.length; start += 1)
        expect(text).not.toContain(secret.slice(start, start + 8));
    }),
    { seed, numRuns: 500 },
  );
});
