import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { FileOutput } from "../../src/access-log/file-output.js";
import { VirtualClock } from "../support/virtual-clock.js";

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-access-"));
  onTestFinished(() => {
    chmodSync(dir, 0o700);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

function open(file: string): { readonly output: FileOutput; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const output = new FileOutput(file, clock);
  onTestFinished(() => output.close());
  return { output, clock };
}

test("lines are appended to the file, which other users cannot read", async () => {
  const file = join(scratch(), "access.log");
  const { output } = open(file);
  output.check();
  expect(statSync(file).mode & 0o007).toBe(0);
  writeFileSync(file, "before\n");
  await output.write(Buffer.from("one\n"));
  await output.write(Buffer.from("two\n"));
  expect(readFileSync(file, "utf8")).toBe("before\none\ntwo\n");
});

test("a file that is renamed is created again within a second", async () => {
  const file = join(scratch(), "access.log");
  const { output, clock } = open(file);
  await output.write(Buffer.from("one\n"));
  renameSync(file, `${file}.1`);
  await output.write(Buffer.from("two\n"));
  expect(existsSync(file)).toBe(false);
  clock.advance(1000);
  await output.write(Buffer.from("three\n"));
  expect(readFileSync(file, "utf8")).toBe("three\n");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("one\ntwo\n");
});

test("a file that is removed is created again within a second", async () => {
  const file = join(scratch(), "access.log");
  const { output, clock } = open(file);
  await output.write(Buffer.from("one\n"));
  rmSync(file);
  clock.advance(1000);
  await output.write(Buffer.from("two\n"));
  expect(readFileSync(file, "utf8")).toBe("two\n");
});

test("reopen notices a renamed file at once", async () => {
  const file = join(scratch(), "access.log");
  const { output } = open(file);
  await output.write(Buffer.from("one\n"));
  renameSync(file, `${file}.1`);
  output.reopen();
  await output.write(Buffer.from("two\n"));
  expect(readFileSync(file, "utf8")).toBe("two\n");
});

test("a file that is truncated goes on at its beginning", async () => {
  const file = join(scratch(), "access.log");
  const { output } = open(file);
  await output.write(Buffer.from("one\n"));
  writeFileSync(file, "");
  await output.write(Buffer.from("two\n"));
  expect(readFileSync(file, "utf8")).toBe("two\n");
});

test("while the folder is gone, writes fail, and later ones work again", async () => {
  const dir = join(scratch(), "logs");
  execFileSync("mkdir", [dir]);
  const file = join(dir, "access.log");
  const { output, clock } = open(file);
  await output.write(Buffer.from("one\n"));
  rmSync(dir, { recursive: true });
  clock.advance(1000);
  await expect(output.write(Buffer.from("two\n"))).rejects.toThrow("ENOENT");
  execFileSync("mkdir", [dir]);
  clock.advance(1000);
  await output.write(Buffer.from("three\n"));
  expect(readFileSync(file, "utf8")).toBe("three\n");
});

test("while the folder is gone, no line counts as written, also between two looks", async () => {
  // Bug: after one failure, the lines of a second went to the removed file, and counted as written.
  const dir = join(scratch(), "logs");
  execFileSync("mkdir", [dir]);
  const { output, clock } = open(join(dir, "access.log"));
  await output.write(Buffer.from("one\n"));
  rmSync(dir, { recursive: true });
  clock.advance(1000);
  for (const line of ["two\n", "three\n"])
    await expect(output.write(Buffer.from(line))).rejects.toThrow("ENOENT");
  execFileSync("mkdir", [dir]);
  await output.write(Buffer.from("four\n"));
  expect(readFileSync(join(dir, "access.log"), "utf8")).toBe("four\n");
});

test.each<[string, () => string, RegExp]>([
  [
    "in a missing folder",
    () => "/nowhere/access.log",
    /^--access-log: cannot open \/nowhere\/access\.log: ENOENT/,
  ],
  ["that is a folder", () => scratch(), /^--access-log: cannot open \S+: EISDIR/],
  [
    "that is a device",
    () => "/dev/null",
    /^--access-log: cannot open \/dev\/null: it is not a regular file; allowed is /,
  ],
  [
    "that is a pipe",
    () => {
      const pipe = join(scratch(), "pipe");
      execFileSync("mkfifo", [pipe]);
      return pipe;
    },
    /^--access-log: cannot open \S+: ENXIO/,
  ],
])("a file %s is refused at the start", (_, file, message) => {
  const { output } = open(file());
  expect(() => output.check()).toThrow(message);
});
