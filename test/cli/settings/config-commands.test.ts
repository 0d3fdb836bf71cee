import { expect, test } from "vitest";

import { run } from "../../../src/cli/program.js";
import { loadConfig } from "../../../src/config/load.js";
import { settingGroups } from "../../../src/config/settings.js";
import { FakeIo } from "../fake-io.js";

const secret = "s3cret-of-more-than-thirty-two-bytes!";

test("config prints each setting with its value and its source, without secrets", async () => {
  const io = new FakeIo({ environment: { PHAROS_TARGETS: "7", PHAROS_TOKEN_SECRET: secret } });
  expect(await run(["config", "--retry", "1000", "--cors-origin", "https://a.example"], io)).toBe(0);
  for (const line of [
    /^ {2}--targets +7 +PHAROS_TARGETS$/m,
    /^ {2}--retry +1000 +--retry$/m,
    /^ {2}--cors-origin +https:\/\/a\.example +--cors-origin$/m,
    /^ {2}--trusted-proxy +none +default$/m,
    /^ {2}--token-key +not set +default$/m,
    /^ {2}PHAROS_TOKEN_SECRET +\(a secret\) +PHAROS_TOKEN_SECRET$/m,
    /^ {2}limits\.history\.topics +100000 +default$/m,
  ])
    expect(io.stdout.text).toMatch(line);
  expect(io.stdout.text).not.toContain(secret);
  const titles = [...io.stdout.text.matchAll(/^(\S[^:]*):$/gm)].map(([, title]) => title);
  expect(titles.slice(0, settingGroups.length)).toEqual(settingGroups.map(({ title }) => title));
});

test("config --json prints a settings file with the same effect", async () => {
  const io = new FakeIo({ environment: { PHAROS_TARGETS: "7" } });
  expect(await run(["config", "--json", "--retry=1000"], io)).toBe(0);
  const printed: unknown = JSON.parse(io.stdout.text);
  expect(printed).toMatchObject({ targets: 7, retryMs: 1000, limits: loadConfig().limits });
});

test("config escapes control characters of values", async () => {
  const io = new FakeIo({ environment: { PHAROS_TOKEN_ISSUER: "a\u001B[2Jb" } });
  expect(await run(["config"], io)).toBe(0);
  expect(io.stdout.text).toContain(String.raw`a\u{1b}[2Jb`);
});

test.each(["config", "check-config", "serve"])(
  "%s tells each fault of the settings in one line",
  async (command) => {
    const io = new FakeIo({ environment: { PHAROS_TARGETS: "0" } });
    expect(await run([command, "--retry", "1"], io)).toBe(2);
    expect(io.stdout.text).toBe("");
    expect(io.stderr.text.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^pharos: --retry: given 1, allowed: /),
      expect.stringMatching(/^pharos: PHAROS_TARGETS: given 0, allowed: /),
    ]);
  },
);

test("check-config says what it checked, and ok", async () => {
  const io = new FakeIo({ environment: {} });
  expect(await run(["check-config", "--log-level", "error"], io)).toBe(0);
  expect(io.stdout.text).toBe("settings: can be used\n--ingest @tcp://127.0.0.1:9997: can be used\nok\n");
});

test("check-config tells each fault of a file or folder in one line", async () => {
  const io = new FakeIo();
  const args = ["check-config", "--token-key", "/nowhere/key", "--ingest", "@ipc:///nowhere/in"];
  expect(await run(args, io)).toBe(2);
  expect(io.stdout.text).toBe("");
  expect(io.stderr.text.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^pharos: token key \/nowhere\/key: cannot read /),
    expect.stringMatching(/^pharos: --ingest @ipc:\S+: the folder \/nowhere does not exist$/),
  ]);
});

test("check-config warns of variables that set nothing", async () => {
  const io = new FakeIo({ environment: { PHAROS_TARGET: "7" } });
  expect(await run(["check-config"], io)).toBe(0);
  expect(io.stderr.text).toContain("PHAROS_TARGET (did you mean PHAROS_TARGETS?)");
});
