import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PharosError } from "../../../../src/base/errors.js";
import {
  encodeTnetstring,
  parseTnetstring,
  type TnetValue,
} from "../../../../src/fronts/mongrel2/wire/tnetstring.js";

const refused = expect.objectContaining({ code: "bad-tnetstring" });

const written: readonly [text: string, value: TnetValue][] = [
  ["0:~", null],
  ["4:true!", true],
  ["5:false!", false],
  ["1:0#", 0],
  ["2:-7#", -7],
  ["16:9007199254740991#", Number.MAX_SAFE_INTEGER],
  ["3:1.5^", 1.5],
  ["6:-2e-10^", -2e-10],
  ["19:1152921504606847000^", 2 ** 60],
  ["2:-0^", -0],
  ["0:,", Buffer.alloc(0)],
  ["5:a:b,c,", Buffer.from("a:b,c")],
  ["2:é,", Buffer.from("é")],
  ["0:]", []],
  ["0:}", new Map()],
  ["26:6:status,13:4:what,3:net,}]", [Buffer.from("status"), new Map([["what", Buffer.from("net")]])]],
];

/** Valid tnetstrings that `encodeTnetstring` never writes: it encodes their values differently. */
const read: readonly [text: string, value: TnetValue][] = [
  ["2:-0#", 0],
  ["3:007#", 7],
  ["3:1.0^", 1],
  ["8:1.500000^", 1.5],
];

const bad: readonly [why: string, text: string][] = [
  ["nothing", ""],
  ["no size", ":a,"],
  ["no colon", "1"],
  ["a size of ten digits", "0000000001:a,"],
  ["a padded size", "01:a,"],
  ["a negative size", "-1:a,"],
  ["a size in hexadecimal", "a:1234567890,"],
  ["a blank in the size", " 1:a,"],
  ["no type", "1:a"],
  ["less than announced", "3:ab,"],
  ["a size beyond any buffer", "999999999:a,"],
  ["bytes after the end", "1:a,x"],
  ["an unknown type", "1:a?"],
  ["a null with content", "1:a~"],
  ["a boolean in capitals", "4:TRUE!"],
  ["a long boolean", "6:falsee!"],
  ["an empty integer", "0:#"],
  ["a signed integer", "2:+1#"],
  ["an integer in hexadecimal", "4:0x10#"],
  ["an integer with a blank", "2: 1#"],
  ["an integer beyond 2^53", "16:9007199254740993#"],
  ["a huge integer", "20:99999999999999999999#"],
  ["a float without digits", "1:.^"],
  ["infinity", "8:Infinity^"],
  ["a float that overflows", "5:1e999^"],
  ["a number of 900 digits", `900:${"1".repeat(900)}^`],
  ["an item beyond its list", "3:2:a,]"],
  ["half an item in a list", "2:1:]"],
  ["a key without a value", "4:1:a,}"],
  ["a key that is a number", "8:1:1#1:1#}"],
  ["a key twice", "16:1:a,1:1#1:a,1:2#}"],
];

describe("tnetstrings", () => {
  it.each(written)("reads and writes %s", (text, value) => {
    expect(parseTnetstring(Buffer.from(text))).toEqual(value);
    expect(encodeTnetstring(value).toString()).toBe(text);
  });

  it.each(read)("reads %s", (text, value) => {
    expect(parseTnetstring(Buffer.from(text))).toEqual(value);
  });

  it.each(bad)("refuses %s", (_why, text) => {
    expect(() => parseTnetstring(Buffer.from(text))).toThrow(refused);
  });

  it("refuses a key that is not UTF-8", () => {
    expect(() => parseTnetstring(Buffer.from("8:1:\xe9,1:1#}", "latin1"))).toThrow(refused);
  });

  it("writes text as its UTF-8 bytes and refuses half a surrogate pair", () => {
    expect(encodeTnetstring("né").toString()).toBe("3:né,");
    expect(() => encodeTnetstring("\ud800")).toThrow(refused);
  });

  it.each([Number.NaN, Infinity, -Infinity])("does not write %s", (value) => {
    expect(() => encodeTnetstring(value)).toThrow(refused);
  });

  it("gives back every value that it wrote", () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeTnetstring(value);
        expect(parseTnetstring(bytes)).toEqual(asParsed(value));
        expect(encodeTnetstring(parseTnetstring(bytes))).toEqual(bytes);
      }),
      { seed: 20, numRuns: 500 },
    );
  });

  it("refuses every cut of a well-formed one", () => {
    const whole = Buffer.from("49:3:abc,2:12#3:1.5^4:true!0:~4:1:a,]11:1:k,4:1:v,]}]");
    expect(() => parseTnetstring(whole)).not.toThrow();
    for (let size = 0; size < whole.length; size++) {
      expect(() => parseTnetstring(whole.subarray(0, size)), `cut at ${size}`).toThrow(refused);
    }
  });

  it("answers arbitrary bytes with a value or bad-tnetstring", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alphabet), { maxLength: 40 }), (characters) => {
        expect(outcomeOf(Buffer.from(characters.join("")))).toBeOneOf(["value", "bad-tnetstring"]);
      }),
      { seed: 21, numRuns: 5_000 },
    );
  });
});

describe("limits of tnetstrings", () => {
  it("allows the deepest nesting and refuses one more, both ways", () => {
    const deep = (levels: number): TnetValue => (levels === 1 ? [] : [deep(levels - 1)]);
    const bytes = encodeTnetstring(deep(9), { maxDepth: 9 });
    expect(parseTnetstring(encodeTnetstring(deep(8)))).toEqual(deep(8));
    expect(() => encodeTnetstring(deep(9))).toThrow(refused);
    expect(() => parseTnetstring(bytes)).toThrow(refused);
  });

  it("refuses a list that contains itself", () => {
    const list: TnetValue[] = [];
    list.push(list, list);
    expect(() => encodeTnetstring(list)).toThrow(refused);
  });

  it("counts bytes as a whole, size and type included", () => {
    expect(() => parseTnetstring(Buffer.from("2:ab,"), { maxBytes: 5 })).not.toThrow();
    expect(() => parseTnetstring(Buffer.from("2:ab,"), { maxBytes: 4 })).toThrow(refused);
    expect(() => encodeTnetstring("ab", { maxBytes: 4 })).toThrow(refused);
  });
});

const alphabet = "0123459:,#^!~]}a-.".split("");

const { value: values } = fc.letrec<{ value: TnetValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.string({ unit: "grapheme" }), tie("value")), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
}));

/** The value that parsing returns: every string is a Buffer. */
function asParsed(value: TnetValue): TnetValue {
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, asParsed(item)]));
  return Array.isArray(value) ? value.map(asParsed) : value;
}

/** Returns "value" if parsing succeeds, or the code of a PharosError. Throws all other errors again. */
function outcomeOf(bytes: Buffer): string {
  try {
    parseTnetstring(bytes);
    return "value";
  } catch (error) {
    if (error instanceof PharosError) return error.code;
    throw error;
  }
}
