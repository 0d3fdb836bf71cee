import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { PharosError } from "../../src/base/errors.js";
import { fileVariableName, variableName } from "../../src/config/declare/setting.js";
import { loadConfig } from "../../src/config/load.js";
import { settings } from "../../src/config/settings.js";
import { unknownVariables } from "../../src/config/unknown-variables.js";

const secret = "s3cret-of-more-than-thirty-two-bytes!";
const secrets = settings.filter((setting) => setting.secret === true);

function fileOf(content: string | Buffer): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-secret-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "secret");
  writeFileSync(file, content);
  return file;
}

function refusal(environment: Readonly<Record<string, string>>): string {
  try {
    loadConfig({ environment });
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return error.message;
    throw error;
  }
  throw new Error("the settings were accepted");
}

test("there is a variable for the file of each secret", () => {
  expect(secrets.map(({ option }) => fileVariableName(option))).toEqual(
    expect.arrayContaining(["PHAROS_TOKEN_SECRET_FILE", "PHAROS_ADMIN_TOKEN_FILE"]),
  );
});

test.each(secrets.map(({ option }) => option))(
  "the file of %s has the same effect as its variable",
  (option) => {
    // Only the secret of webhooks has a form of its own.
    const given = option === "webhook-secret" ? `whsec_${Buffer.alloc(32, 7).toString("base64")}` : secret;
    const direct = loadConfig({ environment: { [variableName(option)]: given } });
    for (const end of ["", "\n", "\r\n"]) {
      const environment = { [fileVariableName(option)]: fileOf(`${given}${end}`) };
      expect(loadConfig({ environment })).toEqual(direct);
      expect(unknownVariables(environment)).toEqual([]);
    }
  },
);

test("only the last line break of the file is removed", () => {
  expect(loadConfig({ environment: { PHAROS_TOKEN_SECRET_FILE: fileOf(` ${secret} \n\n`) } }).tokens).toEqual(
    [expect.objectContaining({ secret: ` ${secret} \n` })],
  );
});

test("the file replaces the secret of the settings file", () => {
  const config = fileOf(JSON.stringify({ tokenSecret: "x".repeat(40) }));
  const environment = { PHAROS_CONFIG: config, PHAROS_TOKEN_SECRET_FILE: fileOf(secret) };
  expect(loadConfig({ environment }).tokens[0]).toMatchObject({ secret });
});

test("an empty variable counts as absent", () => {
  expect(loadConfig({ environment: { PHAROS_TOKEN_SECRET_FILE: " " } })).toEqual(loadConfig());
});

test("a secret and its file together are refused, without the secret", () => {
  const environment = { PHAROS_TOKEN_SECRET: secret, PHAROS_TOKEN_SECRET_FILE: fileOf(secret) };
  expect(refusal(environment)).toBe(
    "PHAROS_TOKEN_SECRET_FILE: PHAROS_TOKEN_SECRET is set, too; allowed is one of the two variables",
  );
});

test.each<[string, () => string, RegExp]>([
  ["is missing", () => "/nowhere/secret", /^\S+_FILE: cannot read \/nowhere\/secret: ENOENT/],
  ["is a folder", () => tmpdir(), /^\S+_FILE: cannot read \S+: EISDIR/],
  ["never ends", () => "/dev/zero", /^\S+_FILE: \/dev\/zero has more than 65536 bytes/],
  ["is too large", () => fileOf("s".repeat(65_537)), /^\S+_FILE: \S+ has more than 65536 bytes/],
  ["is not text", () => fileOf(Buffer.from([0xff, 0xfe])), /^\S+_FILE: \S+ is not valid UTF-8$/],
  ["is empty", () => fileOf(""), /^\S+_FILE: given "\(a secret\)", allowed: /],
  ["is too short", () => fileOf("short"), /^\S+_FILE: given "\(a secret\)", allowed: /],
])("a file that %s is one fault", (_, file, line) => {
  const message = refusal({ PHAROS_TOKEN_SECRET_FILE: file() });
  expect(message).toMatch(line);
  expect(message.split("\n")).toHaveLength(1);
});

test("faults of files and of settings are reported together", () => {
  const files = { PHAROS_TOKEN_SECRET_FILE: "/nowhere/a", PHAROS_ADMIN_TOKEN_FILE: "/nowhere/b" };
  const lines = refusal({ ...files, PHAROS_TARGETS: "0" }).split("\n");
  expect(lines.map((line) => line.split(":")[0])).toEqual([
    "PHAROS_TOKEN_SECRET_FILE",
    "PHAROS_ADMIN_TOKEN_FILE",
    "PHAROS_TARGETS",
  ]);
});
