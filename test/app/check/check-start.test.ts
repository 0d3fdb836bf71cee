import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { checkStart, type StartCheck } from "../../../src/app/check/check-start.js";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentLogger, type Logger } from "../../../src/base/log.js";
import { loadConfig } from "../../../src/config/load.js";
import type { SettingText } from "../../../src/config/settings.js";
import { certificateFolder, makeCertificate } from "../../support/tls/certificates.js";
import { createKeyPair } from "../../../src/zeromq/curve/keys.js";
import { writeKeyFile } from "../../../src/zeromq/curve/key-file.js";

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-check-"));
  onTestFinished(() => {
    chmodSync(dir, 0o700);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

function fileOf(content: string, name = "file"): string {
  const file = join(scratch(), name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

function check(options: Readonly<Record<string, SettingText>>, logger: Logger = silentLogger): StartCheck {
  const config = loadConfig({ options: new Map(Object.entries(options)) });
  return checkStart(config, { clock: systemClock, logger });
}

function publicKey(): string {
  return generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
}

test("the defaults can be used", () => {
  expect(check({})).toEqual({ usable: ["--ingest @tcp://127.0.0.1:9997"], faults: [] });
});

test("usable files and folders are named", () => {
  const key = fileOf(publicKey(), "key.pem");
  const curve = join(scratch(), "curve.json");
  writeKeyFile(curve, createKeyPair());
  const journal = join(scratch(), "a", "b");
  const result = check({
    "token-key": key,
    "ingest-curve": curve,
    ingest: ["@tcp://*:9997"],
    journal: `disk:${journal}`,
  });
  expect(result).toEqual({
    usable: [`token key ${key}`, "--ingest @tcp://*:9997", `--ingest-curve ${curve}`, `--journal ${journal}`],
    faults: [],
  });
});

test("a check creates nothing", () => {
  const dir = scratch();
  check({
    journal: `disk:${join(dir, "journal")}`,
    "state-dir": join(dir, "state"),
    mongrel2: ["ipc://a,ipc://b,ipc://c"],
    ingest: [`@ipc://${join(dir, "in")}`],
    control: `@ipc://${join(dir, "control")}`,
  });
  expect(readdirSync(dir)).toEqual([]);
});

test.each<[string, () => Readonly<Record<string, SettingText>>, RegExp]>([
  [
    "a missing token key",
    () => ({ "token-key": "/nowhere/key" }),
    /^token key \/nowhere\/key: cannot read .*ENOENT/,
  ],
  [
    "a token key that is no key",
    () => ({ "token-key": fileOf("no key") }),
    /^token key \S+: \S+ holds no public key/,
  ],
  ["a missing JWK set", () => ({ "token-jwks": "/nowhere/set" }), /^JWK set \/nowhere\/set: cannot read /],
  ["a JWK set that is no JSON", () => ({ "token-jwks": fileOf("{") }), /^JWK set \S+: /],
  [
    "an http URL of a JWK set",
    () => ({ "token-jwks": "http://e.example/k" }),
    /^JWK set http:.*: allowed is a file, an https URL/,
  ],
  [
    "an issuer without a key",
    () => ({ "token-issuer": "https://i.example" }),
    /^token issuer of https:\/\/i\.example: .* has no key/,
  ],
  [
    "missing CURVE keys",
    () => ({ "ingest-curve": "/nowhere/c" }),
    /^--ingest-curve \/nowhere\/c: cannot read keys/,
  ],
  [
    "CURVE keys that are no JSON",
    () => ({ "ingest-curve": fileOf("{") }),
    /^--ingest-curve \S+: \S+ is not JSON/,
  ],
  [
    "an open ingest endpoint",
    () => ({ ingest: ["@tcp://*:9997"] }),
    /^--ingest @tcp:\/\/\*:9997: other machines could publish/,
  ],
  [
    "a socket in a missing folder",
    () => ({ ingest: ["@ipc:///nowhere/in"] }),
    /^--ingest @ipc:\S+: the folder \/nowhere does not exist$/,
  ],
  [
    "a control socket in a missing folder",
    () => ({ control: "@ipc:///nowhere/c" }),
    /^--control @ipc:\S+: the folder \/nowhere /,
  ],
  [
    "missing credentials",
    () => ({ journal: "nats://n/j", "journal-credentials": "/nowhere/c" }),
    /^--journal-credentials \S+: .*cannot read/,
  ],
  [
    "credentials that are none",
    () => ({ journal: "nats://n/j", "journal-credentials": fileOf("x") }),
    /^--journal-credentials \S+: .* \.creds file/,
  ],
  [
    "a missing authority",
    () => ({ journal: "nats://n/j", "journal-ca": "/nowhere/ca" }),
    /^--journal-ca \S+: .*cannot read/,
  ],
  [
    "an authority that is no certificate",
    () => ({ journal: "nats://n/j", "journal-ca": fileOf("x") }),
    /^--journal-ca \S+: .*certificate in PEM/,
  ],
  [
    "a journal folder that is a file",
    () => ({ journal: `disk:${fileOf("x")}` }),
    /^--journal \S+: \S+ cannot be a folder: /,
  ],
  [
    "a journal folder below a file",
    () => ({ journal: `disk:${join(fileOf("x"), "j")}` }),
    /^--journal \S+: \S+ cannot be a folder: /,
  ],
])("%s is one fault", (_, options, line) => {
  const { faults } = check(options());
  expect(faults).toEqual([expect.stringMatching(line)]);
});

// Root may write everywhere, so the permissions prevent nothing.
test.skipIf(process.getuid?.() === 0)("a journal folder that this user may not write in is one fault", () => {
  const dir = scratch();
  chmodSync(dir, 0o500);
  const { faults } = check({ journal: `disk:${join(dir, "journal")}` });
  expect(faults).toEqual([
    expect.stringMatching(/ cannot be written: this user may not write in \S+: EACCES/),
  ]);
  expect(existsSync(join(dir, "journal"))).toBe(false);
});

test("every fault is told, not only the first", () => {
  const { faults } = check({
    "token-key": "/nowhere/key",
    "token-jwks": "/nowhere/set",
    ingest: ["@tcp://*:1", "@ipc:///nowhere/in"],
    journal: `disk:${fileOf("x")}`,
  });
  expect(faults).toHaveLength(5);
});

test("folders that a hub can do without are warnings", () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warnings.push(message) };
  const { faults } = check(
    {
      journal: `disk-or-memory:${fileOf("x")}`,
      mongrel2: ["ipc://a,ipc://b"],
      "state-dir": join(fileOf("x"), "state"),
    },
    logger,
  );
  expect(faults).toEqual([]);
  expect(warnings).toEqual([
    "the journal would be in memory, because its folder cannot be used",
    expect.stringMatching(/^cannot record open streams/),
  ]);
});

test("pairs for TLS and the folders of unix sockets are checked as at a start", () => {
  const folder = certificateFolder();
  const one = makeCertificate(folder, "one");
  const other = makeCertificate(folder, "other");
  const options = { https: ["unix:/no/such/folder/tls", "0"], ingest: ["@ipc://@name"] };
  const usable = check({ ...options, "tls-cert": [one.certFile], "tls-key": [one.keyFile] });
  expect(usable.usable).toContain(`--tls-cert ${one.certFile}`);
  expect(usable.faults).toEqual(["unix:/no/such/folder/tls: the folder /no/such/folder does not exist"]);
  const wrong = check({ ...options, "tls-cert": [one.certFile], "tls-key": [other.keyFile] });
  expect(wrong.faults[1]).toBe(
    `--tls-cert ${one.certFile}: ${other.keyFile}: the key does not belong to the certificate in ${one.certFile}`,
  );
  const missing = check({ ...options, "tls-cert": [`${folder}/none`], "tls-key": [other.keyFile] });
  expect(missing.faults[1]).toContain(`${folder}/none`);
});
