import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import {
  effectiveFile,
  effectiveSettings,
  type EffectiveSetting,
} from "../../src/config/effective-settings.js";
import type { LoadOptions } from "../../src/config/gather.js";
import { limitPaths } from "../../src/config/limit-sections.js";
import { loadConfig } from "../../src/config/load.js";
import { configSchema, settings, type SettingText } from "../../src/config/settings.js";

const secret = "s3cret-of-more-than-thirty-two-bytes!";

function settingsFile(content: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-config-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "pharos.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function shown(sources: LoadOptions): ReadonlyMap<string, EffectiveSetting> {
  const all = effectiveSettings(sources).flatMap((group) => group.settings);
  return new Map(all.map((setting) => [setting.name, setting]));
}

/** Sources of every kind, with secrets in each place that may have one. */
function manySources(): LoadOptions & { readonly file: string } {
  const file = settingsFile({
    tokenSecret: secret,
    tokenJwks: `https://keys.example/set?key=${secret}`,
    retryMs: 1000,
    tokens: [
      { issuer: "https://a.example", secret },
      { issuer: "https://b.example", secret, jwks: "https://b.example/keys" },
      { issuer: "https://c.example", jwks: `https://c.example/keys?key=${secret}` },
    ],
    limits: { history: { topics: 7 } },
  });
  return {
    file,
    options: new Map<string, SettingText>([
      ["config", file],
      ["targets", "3"],
      ["cors-origin", ["https://a.example", "https://b.example"]],
    ]),
    environment: {
      PHAROS_TARGETS: "2",
      PHAROS_RETRY: "2000",
      PHAROS_ADMIN_TOKEN: secret,
      PHAROS_LIMITS_CONNECTIONS: "9",
    },
  };
}

test("each setting and each limit is shown once, in the order of --help", () => {
  const names = effectiveSettings().flatMap((group) => group.settings.map(({ name }) => name));
  expect(names).toEqual([
    ...settings.map(({ option, secret: isSecret }) =>
      isSecret === true ? `PHAROS_${option.toUpperCase().replaceAll("-", "_")}` : `--${option}`,
    ),
    ...limitPaths().map((path) => path.join(".")),
  ]);
});

test("without sources, every setting has its default", () => {
  expect(new Set([...shown({}).values()].map(({ source }) => source))).toEqual(new Set(["default"]));
  expect(shown({}).get("--public-url")?.value).toBe(loadConfig().publicUrl);
});

test("the source of a value is the option, the variable or the file that won", () => {
  const sources = manySources();
  const found = shown(sources);
  const expected: Readonly<Record<string, readonly [value: unknown, source: string]>> = {
    "--targets": [3, "--targets"],
    "--retry": [2000, "PHAROS_RETRY"],
    "--cors-origin": [["https://a.example", "https://b.example"], "--cors-origin"],
    "limits.history.topics": [7, sources.file],
    "limits.history.ids": [100_000, "default"],
    "limits.connections": [9, "PHAROS_LIMITS_CONNECTIONS"],
    PHAROS_TOKEN_SECRET: ["(a secret)", sources.file],
    PHAROS_ADMIN_TOKEN: ["(a secret)", "PHAROS_ADMIN_TOKEN"],
  };
  for (const [name, [value, source]] of Object.entries(expected))
    expect(found.get(name)).toEqual({ name, value, source });
});

test("no form of the settings has a secret", () => {
  const sources = manySources();
  expect(JSON.stringify([...shown(sources).values()])).not.toContain(secret);
  expect(JSON.stringify(effectiveFile(sources))).not.toContain(secret);
});

test("the file form is a valid settings file, and has the same effect as its sources", () => {
  const sources = manySources();
  const content = effectiveFile(sources);
  expect(configSchema.safeParse(content).success).toBe(true);
  const { tokens: _, adminToken: __, ...same } = loadConfig(sources);
  expect(loadConfig({ options: new Map([["config", settingsFile(content)]]) })).toMatchObject(same);
});

test("the file form of the defaults has the same effect as no file", () => {
  const file = settingsFile(effectiveFile());
  expect(loadConfig({ options: new Map([["config", file]]) })).toEqual(loadConfig());
});

test("an issuer that has only secret keys is left out of the file form", () => {
  expect(effectiveFile(manySources())["tokens"]).toEqual([
    { issuer: "https://b.example", jwks: "https://b.example/keys" },
  ]);
});
