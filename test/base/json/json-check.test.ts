import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkJson } from "../../../src/base/json/json-check.js";

function resultOf(text: string, levels = 100): { readonly isJson: boolean; readonly steps: number } {
  const check = checkJson(text, levels);
  for (let steps = 0; ; steps += 1) {
    const { done, value } = check.next();
    if (done === true) return { isJson: value, steps };
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON with some characters replaced, so that it often has one fault. */
const almostJson = fc
  .tuple(
    fc.json({ noUnicodeString: false, maxDepth: 4 }),
    fc.nat(),
    fc.nat(2),
    fc.constantFrom(...Array.from('{}[],:"\\-+.eE019tfn \n\t\u0000u'), ""),
  )
  .map(([text, at, removed, added]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + added + text.slice(index + removed);
  });

describe("checkJson", () => {
  it("accepts what JSON.parse accepts", () => {
    let accepted = 0;
    fc.assert(
      fc.property(almostJson, (text) => {
        const { isJson } = resultOf(text);
        if (isJson) accepted += 1;
        expect(isJson).toBe(isParsed(text));
      }),
      { seed: 20_261_130, numRuns: 4000 },
    );
    expect(accepted).toBeGreaterThan(400);
    expect(accepted).toBeLessThan(3600);
  });

  it.each([
    "",
    " ",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "1e+",
    "+1",
    "tru",
    "truex",
    '"\\x"',
    '"\\u12"',
    "[1,]",
    "{,}",
    "NaN",
    "1 1",
  ])("refuses %j", (text) => {
    expect(isParsed(text)).toBe(false);
    expect(resultOf(text).isJson).toBe(false);
  });

  it("refuses more levels than allowed", () => {
    expect(resultOf("[[1]]", 2).isJson).toBe(true);
    expect(resultOf("[[[]]]", 2).isJson).toBe(false);
  });

  // Bug: JSON.parse held the event loop for 180 ms, to check a body of 1 MiB.
  it.each([
    `[${"1,".repeat(100_000)}1]`,
    `[${"{},".repeat(100_000)}1]`,
    `{${'"":1,'.repeat(100_000)}"":1}`,
    `${"[[],".repeat(90)}${"[],".repeat(100_000)}`,
  ])("pauses often, also in a large text: %#", (text) => {
    expect(resultOf(text).steps).toBeGreaterThan(40);
  });
});
