import { expect, test } from "vitest";

import { run } from "../../src/cli/program.js";
import { packageVersion } from "../../src/version.js";
import { settings } from "../../src/config/settings.js";
import { FakeIo } from "./fake-io.js";

test.each(["--version", "-v"])("%s prints the version of the package", async (option) => {
  const io = new FakeIo();
  expect(await run([option], io)).toBe(0);
  expect(io.stdout.text).toBe(`${packageVersion()}\n`);
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

test("--help names every command but the hidden one", async () => {
  const io = new FakeIo();
  expect(await run(["--help"], io)).toBe(0);
  for (const command of ["serve", "publish", "beacon", "subscribe"])
    expect(io.stdout.text).toContain(command);
  expect(io.stdout.text).not.toContain("config-schema");
});

test.each([
  [["help"], ["--help"]],
  [
    ["help", "serve"],
    ["serve", "--help"],
  ],
  [
    ["help", "token", "check"],
    ["token", "check", "--help"],
  ],
])("%j prints the same as %j", async (words, option) => {
  const [first, second] = [new FakeIo(), new FakeIo()];
  expect(await run(words, first)).toBe(0);
  expect(await run(option, second)).toBe(0);
  expect(first.stdout.text).toBe(second.stdout.text);
  expect(first.stderr.text).toBe("");
});

test("serve --help names every setting with its option and its variable", async () => {
  const io = new FakeIo();
  expect(await run(["serve", "--help"], io)).toBe(0);
  const secrets = settings.filter(({ secret }) => secret === true);
  for (const { option } of secrets) expect(io.stdout.text).not.toContain(`--${option}`);
  for (const { option } of settings.filter((setting) => !secrets.includes(setting))) {
    expect(io.stdout.text).toContain(`--${option} `);
    expect(io.stdout.text).toContain(`PHAROS_${option.toUpperCase().replaceAll("-", "_")}`);
  }
  expect(io.stdout.text).toContain("--config <FILE>");
  expect(io.stdout.text.replaceAll(/\s+/g, " ")).toContain("Default: @tcp://127.0.0.1:9997. [PHAROS_INGEST]");
});

test("config-schema prints the schema of the settings file", async () => {
  const io = new FakeIo();
  expect(await run(["config-schema"], io)).toBe(0);
  expect(JSON.parse(io.stdout.text)).toMatchObject({ title: "Pharos settings" });
});

test.each<[readonly string[], RegExp]>([
  [["serve", "--ingset", "@tcp://127.0.0.1:1"], /unknown option '--ingset'\n\(Did you mean --ingest\?\)/],
  [["srve"], /unknown command 'srve'\n\(Did you mean serve\?\)/],
  [["serve", "extra"], /too many arguments for 'serve'/],
  [["serve", "--targets"], /option '--targets <COUNT>' argument missing/],
  [["serve", "--targets", "129"], /^pharos: --targets: given 129, allowed: a whole number from 1 to 128\n$/],
  [["beacon", "--every", "never"], /Allowed: a number of seconds from 0\.01 to 86400\./],
  [["subscribe", "localhost:8080"], /Allowed: http:\/\/HOST\[:PORT\]\[\/PATH\], or https\./],
  [["subscribe", "http://h/esupdates?topic=a/#"], /Write %23, or use --topic\./],
  [["subscribe", "http://u:p@h"], /must not contain a user name or password\. Use --token-file\./],
  [["subscribe", "http://h", "--url", "http://i"], /^pharos: the URL is given twice/],
  [["subscribe", "--token-file", "/nowhere/token"], /^pharos: --token-file: cannot read a token: ENOENT/],
  [["help", "srve"], /unknown command 'srve'/],
  [["publish", "--to", "udp://x:1", "--data", "x"], /^pharos: "udp:\/\/x:1" is not a usable endpoint: /],
  [["publish", "--topic", "*", "--data", "x"], /^pharos: [^\n]*reserved[^\n]*\n$/],
  [["publish", "--id", "1"], /^pharos: --id needs --data/],
])("%j is a usage error, reported in one line", async (args, text) => {
  const io = new FakeIo();
  expect(await run(args, io)).toBe(2);
  expect(io.stderr.text).toMatch(text);
  expect(io.stderr.text).not.toMatch(/^\s+at /m);
  expect(io.stdout.text).toBe("");
});

test("without a command, the help is shown as a usage error", async () => {
  const io = new FakeIo();
  expect(await run([], io)).toBe(2);
  expect(io.stderr.text).toContain("Usage: pharos");
});

test("an option given again adds to a list", async () => {
  const io = new FakeIo();
  expect(await run(["serve", "--ingest", "@ipc://a", "--ingest", "nonsense"], io)).toBe(2);
  expect(io.stderr.text).toMatch(/^pharos: --ingest: given "nonsense", allowed: /);
});

// Bug: `token check` waited for its input after Ctrl-C, until the second one.
test.each([
  [["token", "check"], { PHAROS_TOKEN_SECRET: "0123456789abcdef0123456789abcdef" }],
  [["publish", "--url", "http://127.0.0.1:9"], {}],
])("Ctrl-C ends %j, which waits for standard input, without an error", async (args, environment) => {
  const io = new FakeIo({ environment });
  const running = run(args, io);
  io.interrupt();
  expect([await running, io.stdout.text, io.stderr.text]).toEqual([0, "", ""]);
});
