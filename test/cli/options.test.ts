import type { Command, Option } from "commander";
import { expect, test } from "vitest";

import { createProgram, run } from "../../src/cli/program.js";
import { appended } from "../../src/cli/terminal/repeatable.js";
import { configJsonSchema, settings } from "../../src/config/settings.js";
import { FakeIo } from "./fake-io.js";

interface Given {
  readonly words: readonly string[];
  readonly option: Option;
  readonly flag: string;
}

/** Every option of every command, with the words before it. */
function optionsOf(command: Command, words: readonly string[] = []): readonly Given[] {
  return [
    ...command.options
      .filter((option) => option.name() !== "version")
      .map((option) => ({ words, option, flag: option.long ?? "" })),
    ...command.commands.flatMap((inner) => optionsOf(inner, [...words, inner.name()])),
  ];
}

const all = optionsOf(createProgram(new FakeIo(), { code: 0 }));

/** Values that the options which parse their value themselves accept. */
const valid: Readonly<Record<string, string>> = {
  lifetime: "60",
  count: "5",
  limit: "5",
  every: "5",
  url: "http://h",
  "match-type": "exact",
};

function named(options: readonly Given[]): readonly (readonly [name: string, given: Given])[] {
  return options.map((given) => [`${given.words.join(" ")} ${given.flag}`, given]);
}

/** The only line of an error in the usage, without the hint that follows it. */
async function faultOf(args: readonly string[]): Promise<string> {
  const io = new FakeIo();
  expect(await run(args, io)).toBe(2);
  expect(io.stdout.text).toBe("");
  const [line = "", hint = "", ...others] = io.stderr.text.trimEnd().split("\n");
  expect(["", "(pharos --help lists commands and options)"]).toContain(hint);
  expect(others).toEqual([]);
  return line;
}

test.each(named(all.filter(({ option }) => option.required)))(
  "%s without a value is refused",
  async (_, given) => {
    expect(await faultOf([...given.words, given.flag])).toBe(
      `pharos: option '${given.option.flags}' argument missing`,
    );
  },
);

test.each(named(all.filter(({ option }) => !option.variadic && option.parseArg !== appended)))(
  "%s given twice is refused",
  async (_, { words, option, flag }) => {
    const value = option.required || option.optional ? `=${valid[option.name()] ?? "x"}` : "";
    const line = await faultOf([...words, `${flag}${value}`, `${flag}${value}`]);
    expect(line).toBe(`pharos: option '${option.flags}' is given twice, allowed: once`);
  },
);

const openSettings = settings.filter(({ secret }) => secret !== true);

test.each(openSettings.map(({ option }) => option))("serve --%s= without text is refused", async (option) => {
  expect(await faultOf(["serve", `--${option}=`])).toMatch(
    new RegExp(`^pharos: --${option}: given "", allowed: \\S.*$`),
  );
});

interface Range {
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

const schemas = configJsonSchema()["properties"] as Readonly<Record<string, Range>>;
const numbers = openSettings
  .filter(({ form }) => form === "number")
  .map(({ option, key }) => {
    const { minimum = 0, maximum = 0 } = schemas[key] ?? {};
    return [option, minimum, maximum] as const;
  });

test.each(numbers)("serve --%s is a number from %d to %d", async (option, minimum, maximum) => {
  for (const value of ["many", "1e3", String(minimum - 1), String(maximum + 1)]) {
    const line = await faultOf(["serve", `--${option}=${value}`]);
    expect(line).toContain(`pharos: --${option}: given `);
    expect(line).toMatch(new RegExp(`, allowed: a .*number.* from ${minimum} to ${maximum}$`));
  }
});

const commands = [...new Set(all.map(({ words }) => words.join(" ")))];

test.each(commands)("%s with an unknown option is refused", async (words) => {
  expect(await faultOf([...words.split(" "), "--no-such-option"])).toBe(
    "pharos: unknown option '--no-such-option'",
  );
});

test.each(named(all.filter(({ option }) => option.parseArg && option.parseArg !== appended)))(
  "%s with a value of the wrong type is refused in one sentence",
  async (_, { words, option, flag }) => {
    for (const value of ["", "-1", "1e3", "no such value"])
      expect(await faultOf([...words, `${flag}=${value}`])).toMatch(
        new RegExp(`^pharos: option '${option.flags}' argument '${value}' is invalid\\. \\S.*\\.$`),
      );
  },
);
