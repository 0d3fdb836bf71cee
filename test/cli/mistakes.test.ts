import { expect, test } from "vitest";

import { run } from "../../src/cli/program.js";
import { FakeIo } from "./fake-io.js";

/** Command lines as people mistype them, and what the sentence has to name. */
const mistakes: readonly (readonly [line: string, named: RegExp])[] = [
  ["sever", /unknown command 'sever'/],
  ["publsh --data x", /unknown command 'publsh'/],
  ["publish --topc a --data x", /unknown option '--topc'/],
  ["publish a --data x", /too many arguments/],
  ["publish --data", /'--data <D>' argument missing/],
  ["publish --topic= --data x", /topic/],
  ["publish --topic * --data x", /topic/],
  ["publish --type pharos-gap --data x", /type/],
  ["publish --id #1 --data x", /id/],
  ["publish --id 1", /--id needs --data/],
  ["publish --url 127.0.0.1:8080 --data x", /127\.0\.0\.1:8080/],
  ["publish --url http://h --to >tcp://h:1 --data x", /'--url <URL>' cannot be used with option '--to/],
  ["publish --token-file t --data x", /--token-file needs --url/],
  ["publish --to h:9997 --data x", /h:9997/],
  ["publish --curve /no/such/file --data x", /no\/such\/file/],
  ["publish --encrypt-key /no/such/file --data x", /no\/such\/file/],
  ["beacon --every 0", /Allowed: a number of seconds/],
  ["beacon --every 5s", /Allowed: a number of seconds/],
  ["subscribe localhost:8080", /Allowed: http:\/\/HOST/],
  ["subscribe http://u:p@h", /must not contain a user name or password/],
  ["subscribe http://h --url http://h", /given twice/],
  ["subscribe --topic a/#/b", /# must/],
  ["topics a+", /\+ must/],
  ["subscribe --count 0", /Allowed: a whole number/],
  ["subscribe --last-event-id", /'--last-event-id <ID>' argument missing/],
  ["subscribe --token-file /no/such/file", /no\/such\/file/],
  ["history", /missing required argument 'TOPIC'/],
  ["history a b", /too many arguments/],
  ["history a --before 1 --after 2", /'--before <ID>' cannot be used with option '--after <ID>'/],
  ["history a --limit 1001", /Allowed: a whole number from 1 to 1000/],
  ["topics --url ftp://h", /Allowed: http:\/\/HOST/],
  ["serve 8080", /too many arguments/],
  ["serve --http 99999", /--http/],
  ["serve --journal disc:/x", /--journal/],
  ["token --lifetime 1h", /Allowed: a whole number of seconds/],
  ["journal dump", /missing required argument 'DIR'/],
  ["journal dump /no/such/folder", /no\/such\/folder/],
  ["completion", /missing required argument 'SHELL'/],
  ["completion tcsh", /Allowed choices are bash, zsh, fish/],
  ["completion bash zsh", /too many arguments/],
  ["help pubish", /unknown command 'pubish'/],
];

test.each(mistakes)("pharos %s is refused in one sentence, with exit code 2", async (line, named) => {
  const io = new FakeIo({ stdin: "" });
  const code = await run(line.split(" "), io);
  const [sentence = "", ...others] = io.stderr.text.trimEnd().split("\n");
  const isHint = (other: string): boolean => /^(?:\(Did you mean .*\?\)|\(pharos --help .*\)|)$/.test(other);
  const rest = others.filter((other) => !isHint(other));
  expect({ code, out: io.stdout.text, rest }).toEqual({ code: 2, out: "", rest: [] });
  expect(sentence).toMatch(/^pharos: \S/);
  expect(sentence).toMatch(named);
});
