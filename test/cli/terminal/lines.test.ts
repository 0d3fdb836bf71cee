import { expect, test } from "vitest";

import { readLines } from "../../../src/cli/terminal/lines.js";

async function* chunks(...parts: readonly (Buffer | string)[]): AsyncIterable<Buffer | string> {
  yield* parts;
}

async function texts(...parts: readonly (Buffer | string)[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { text } of readLines(chunks(...parts))) found.push(text);
  return found;
}

test.each<[string, readonly string[]]>([
  ["", []],
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\r\nb\r\n", ["a", "b"]],
  ["\n\na", ["", "", "a"]],
  ["a\rb\n", ["a\rb"]],
])("%j contains the lines %j", async (input, lines) => {
  expect(await texts(input)).toEqual(lines);
});

test("lines are the same wherever chunks end", async () => {
  const input = Buffer.from("grüße\r\n漢字\n\nend");
  for (let at = 0; at <= input.length; at += 1)
    expect(await texts(input.subarray(0, at), input.subarray(at))).toEqual(["grüße", "漢字", "", "end"]);
});

test("lines are counted from 1", async () => {
  const numbers: number[] = [];
  for await (const { number } of readLines(chunks("a\nb\nc"))) numbers.push(number);
  expect(numbers).toEqual([1, 2, 3]);
});

test("a line that is not UTF-8 is refused with its number", async () => {
  await expect(texts("good\n", Buffer.from([0x61, 0xff, 0x0a]))).rejects.toMatchObject({
    code: "bad-publication",
    message: "line 2 is not valid UTF-8",
  });
});
