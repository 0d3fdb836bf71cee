import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeZ85, parseZ85 } from "../../../src/zeromq/curve/z85.js";

test("the example of the specification [ZeroMQ RFC 32] reads and writes as it says", () => {
  const bytes = Buffer.from("864fd26fb559f75b", "hex");
  expect(encodeZ85(bytes)).toBe("HelloWorld");
  expect(parseZ85("HelloWorld")).toEqual(bytes);
});

test("what was encoded is decoded", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(parseZ85(encodeZ85(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
    }),
    { seed: 20_261_121 },
  );
});

test.each(["HelloWorl", "Hello~orld", "#####", "Hell\u00f6World", "Hello World"])("%j is no Z85", (text) => {
  expect(parseZ85(text)).toBeUndefined();
});
