import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCurveKeyFile, writeKeyFile } from "../../../src/zeromq/curve/key-file.js";
import { createKeyPair } from "../../../src/zeromq/curve/keys.js";

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "keys.json");
}

test("a written pair is read back, and only its owner can read it", () => {
  const file = newFile();
  const keys = { ...createKeyPair(), serverKey: createKeyPair().publicKey };
  writeKeyFile(file, keys);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readCurveKeyFile(file)).toEqual({ content: keys, isExposed: false });
});

test("a file that is there is never written over", () => {
  const file = newFile();
  const first = createKeyPair();
  writeKeyFile(file, first);
  expect(() => writeKeyFile(file, createKeyPair())).toThrow(
    expect.objectContaining({ code: "bad-curve-key", message: expect.stringContaining("EEXIST") }),
  );
  expect(readCurveKeyFile(file).content).toEqual(first);
});

test.each([
  [0o600, false],
  [0o640, false],
  [0o644, true],
  [0o602, true],
])("with mode %o others can read or change it: %s", (mode, isExposed) => {
  const file = newFile();
  writeKeyFile(file, createKeyPair());
  chmodSync(file, mode);
  expect(readCurveKeyFile(file)).toMatchObject({ isExposed });
});

test("a file that is not there, or not JSON, is refused without a word of what it holds", () => {
  const file = newFile();
  expect(() => readCurveKeyFile(file)).toThrow(
    expect.objectContaining({ code: "bad-curve-key", message: expect.stringContaining("ENOENT") }),
  );
  writeFileSync(file, "secret-secret-secret");
  expect(() => readCurveKeyFile(file)).toThrow(
    expect.objectContaining({
      code: "bad-curve-key",
      message: `${file} is not JSON; pharos keys creates valid files`,
    }),
  );
  expect(readFileSync(file, "utf8")).toContain("secret");
});
