import { execFile } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createProgram, run } from "../../src/cli/program.js";
import { FakeIo } from "../cli/fake-io.js";

const runFile = promisify(execFile);
const shells = ["bash", "zsh", "fish"] as const;

type Shell = (typeof shells)[number];

/** The time for a shell to start and to complete once. */
const timeout = 60_000;

/** A folder with two files and a folder; each line is completed in it. */
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pharos-completion-"));
  await Promise.all(["hub one.json", "hub-two.json"].map((name) => writeFile(join(folder, name), "")));
  await mkdir(join(folder, "hub-journal"));
  for (const shell of shells) await writeFile(join(folder, `.${shell}`), await scriptOf(shell));
});

afterAll(() => rm(folder, { recursive: true }));

async function scriptOf(shell: Shell): Promise<string> {
  const io = new FakeIo();
  expect([await run(["completion", shell], io), io.stderr.text]).toEqual([0, ""]);
  return io.stdout.text;
}

/** Prints what bash offers for COMP_WORDS, which are split as bash splits a line. */
const bashProgram = String.raw`
source "$1"
set -- $2
COMP_WORDS=("$@")
[[ $0 == word ]] || COMP_WORDS+=("")
COMP_CWORD=$((${"$"}{#COMP_WORDS[@]} - 1))
_pharos
printf '%s\n' "${"$"}{COMPREPLY[@]}"`;

/** The program and the arguments with which each shell prints what it offers for a line. */
const callOf: Readonly<Record<Shell, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => {
    const words = line.replaceAll("=", " = ");
    return ["bash", "--norc", "-c", bashProgram, line.endsWith(" ") ? "space" : "word", script, words];
  },
  zsh: (script, line) => ["zsh", "-f", join(import.meta.dirname, "../support/complete.zsh"), script, line],
  fish: (script, line) => [
    "fish",
    "--no-config",
    "-c",
    `source $argv[1]; complete -C $argv[2]`,
    script,
    line,
  ],
};

/** What a shell offers, without descriptions, in order. */
async function offered(shell: Shell, line: string): Promise<readonly string[]> {
  const [file = "", ...args] = callOf[shell](join(folder, `.${shell}`), line);
  const { stdout, stderr } = await runFile(file, args, { cwd: folder, timeout, encoding: "utf8" }).catch(
    (cause: unknown) => {
      throw new Error(`${shell} did not complete "${line}"; this test needs bash, zsh and fish`, { cause });
    },
  );
  expect(stderr).toBe("");
  const texts = stdout
    .split("\n")
    .map((text) => text.replace(/\t.*/, "").replace(/\/$/, "").replaceAll("\\ ", " "));
  return [
    ...new Set(texts.map((text) => text.replace(/^--[\w-]+=(?=.)/, "")).filter((text) => text !== "")),
  ].toSorted();
}

const program = createProgram(new FakeIo(), { code: 0 });

function longOptionsOf(name: string): readonly string[] {
  const command = program.commands.find((each) => each.name() === name);
  const options = command?.createHelp().visibleOptions(command) ?? [];
  return options.map(({ long }) => long ?? "").toSorted();
}

const levels = ["debug", "error", "info", "silent", "warn"];

const lines: readonly (readonly [line: string, offered: readonly string[]])[] = [
  [
    "pharos ",
    program
      .createHelp()
      .visibleCommands(program)
      .map((command) => command.name())
      .toSorted(),
  ],
  ["pharos tok", ["token"]],
  ["pharos token ", ["check"]],
  ["pharos token --lifetime 60 ch", ["check"]],
  ["pharos token --match-type ", ["exact", "mqtt", "urlpattern"]],
  ["pharos token --match-type=u", ["urlpattern"]],
  ["pharos token check --token-i", ["--token-issuer"]],
  ["pharos journal ", ["check", "dump"]],
  ["pharos completion ", ["bash", "fish", "zsh"]],
  ["pharos help t", ["token", "topics"]],
  ["pharos serve --", longOptionsOf("serve")],
  ["pharos publish --", longOptionsOf("publish")],
  ["pharos publish --topic history --ty", ["--type"]],
  ["pharos publish --topic=history --re", ["--retain"]],
  ["pharos history news --be", ["--before"]],
  ["pharos serve --log-level ", levels],
  ["pharos config --compress o", ["off", "on"]],
  ["pharos serve --config h", ["hub one.json", "hub-journal", "hub-two.json"]],
  ["pharos keys hub-t", ["hub-two.json"]],
  ["pharos journal check h", ["hub-journal"]],
  ["pharos publish --data ", []],
];

describe.each(shells)("%s completes", (shell) => {
  it.each(lines)(
    "%s",
    async (line, expected) => {
      const found = await offered(shell, line);
      // Fish offers an option with an optional value in two forms. All shells offer short options, too.
      const names = found.map((word) => word.replace(/=$/, "")).filter((word) => !/^-\w$/.test(word));
      expect([...new Set(names)]).toEqual(expected);
    },
    timeout + 10_000,
  );
});
