import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";

import { createProgram } from "../../src/cli/program.js";
import { FakeIo } from "./fake-io.js";

const root = join(import.meta.dirname, "..", "..");
const pages = [
  "README.md",
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md"))
      .map((file) => join(folder, file)),
  ),
];

/** The words of each call of a tool in the shell commands of a page. Words in quotes count as one word. */
function callsOf(page: string, tool: RegExp): readonly (readonly string[])[] {
  const blocks = [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```/gms)];
  const lines = blocks.flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"));
  return lines.flatMap((line) => {
    const call = tool.exec(line)?.[1];
    if (call === undefined) return [];
    return [call.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)?.filter((word) => !/^["'<>|&)]/.test(word)) ?? []];
  });
}

function commandOf(words: readonly string[], from: Command): Command {
  const [name, ...others] = words;
  const found = from.commands.find((command) => command.name() === name);
  return found === undefined ? from : commandOf(others, found);
}

test.each(pages)("the command line in %s names commands and options that exist", (page) => {
  const program = createProgram(new FakeIo(), { code: 0 });
  const serve = commandOf(["serve"], program);
  const calls = [
    ...callsOf(page, /\/scripts\/pharos"? +(.*?)(?:\s#.*|\s*[|&)].*)?$/).map((words) => ({
      words,
      command: commandOf(words, program),
    })),
    ...callsOf(page, /\.\/scripts\/start(?: +(.*?))?(?:\s#.*)?$/).map((words) => ({ words, command: serve })),
  ];
  for (const { words, command } of calls) {
    expect([words, command.name()]).not.toEqual([words, "pharos"]);
    const known = new Set(command.options.map(({ long }) => long));
    const unknown = words.filter((word) => word.startsWith("--") && !known.has(word.split("=")[0]));
    expect([page, unknown]).toEqual([page, []]);
  }
});

// Bug: half of the commands in the documentation began with `pharos`, which a checkout does not have.
test.each(pages)("the commands in %s run in a checkout", (page) => {
  expect(callsOf(page, /(?:^|\$\()(?:[A-Z_]+=\S+ +)*(pharos .*)$/)).toEqual([]);
});
