import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { Config } from "../../src/config/config.js";
import { loadConfig } from "../../src/config/load.js";
import type { SettingText } from "../../src/config/settings.js";

const secret = "a secret of the tests, 36 characters";

interface Given {
  readonly options?: Readonly<Record<string, SettingText>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

function load({ options = {}, environment = {}, settings = {} }: Given): Config {
  const dir = mkdtempSync(join(tmpdir(), "pharos-config-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const config = join(dir, "pharos.json");
  writeFileSync(config, JSON.stringify(settings));
  return loadConfig({ options: new Map(Object.entries({ ...options, config })), environment });
}

test("without a key no issuer is trusted", () => {
  expect(load({}).tokens).toEqual([]);
});

test("options and environment define one issuer, before those of the file", () => {
  const listed = { issuer: "https://b.example", key: "b.pem", algorithms: ["ES256"], audience: "urn:hub" };
  const { tokens } = load({
    options: {
      "token-issuer": "https://a.example",
      "token-key": "a.pem",
      "token-jwks": "https://a.example/jwks",
    },
    environment: { PHAROS_TOKEN_SECRET: secret },
    settings: { tokens: [listed] },
  });
  expect(tokens).toEqual([
    { issuer: "https://a.example", secret, key: "a.pem", jwks: "https://a.example/jwks" },
    listed,
  ]);
});

test("a secret alone is enough", () => {
  const { tokens } = load({ environment: { PHAROS_TOKEN_SECRET: secret } });
  expect(tokens).toEqual([{ secret }]);
});

test("a secret cannot be given as an option", () => {
  expect(load({ options: { "token-secret": secret } }).tokens).toEqual([]);
});

test("the settings of an issuer are not settings of the hub", () => {
  expect(load({ environment: { PHAROS_TOKEN_SECRET: secret } })).not.toHaveProperty("tokenSecret");
});

test.each<[Given, RegExp]>([
  [
    { environment: { PHAROS_TOKEN_SECRET: "hush" } },
    /^PHAROS_TOKEN_SECRET: given "\(a secret\)", allowed: at least 32 bytes/,
  ],
  [
    { settings: { tokenSecret: "hush" } },
    /^tokenSecret in \S+: given "\(a secret\)", allowed: at least 32 bytes/,
  ],
  [
    { settings: { tokens: [{ secret: "hush" }] } },
    /^tokens\.0\.secret in \S+: given "\(a secret\)", allowed: at least 32/,
  ],
  [
    { settings: { tokens: [{ secret, audience: "" }] } },
    /^tokens\.0\.audience in \S+: given "", allowed: the text/,
  ],
  [{ settings: { tokens: [{ issuer: "x" }] } }, /allowed: at least one of secret, key and jwks/],
  [
    { settings: { tokens: { secret: "hush" } } },
    /^tokens in \S+: given \{"secret":"\(a secret\)"\}, allowed: a list/,
  ],
  [{ settings: { tokens: [{ secret, algorithms: ["none"] }] } }, /given "none", allowed: one of HS256/],
  [{ settings: { tokens: [{ secret, algorithms: [] }] } }, /given \[\], allowed: one of HS256/],
  [{ settings: { tokens: [{ secret, keys: 1 }] } }, /^tokens\.0 in \S+: unknown setting "keys"/],
  [{ options: { "token-key": "" } }, /^--token-key: given "", allowed: the path of a PEM file/],
])("%j is refused, and no secret is repeated", (given, line) => {
  expect(() => load(given)).toThrow(line);
  expect(() => load(given)).not.toThrow(/hush|a secret of the tests/);
});
