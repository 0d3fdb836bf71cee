import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { expect, it } from "vitest";
import { HeadScanner } from "../../../../src/fronts/http/input/head-scanner.js";

/** The ends of all heads, when the bytes arrive in pieces of these sizes. The sizes repeat. */
function endsIn(bytes: Buffer, sizes: readonly number[]): readonly number[] {
  const scanner = new HeadScanner();
  const ends: number[] = [];
  for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
    const part = bytes.subarray(at, at + (sizes[piece % sizes.length] ?? 1));
    const end = scanner.endIn(part);
    at += end ?? part.length;
    if (end !== undefined) ends.push(at);
  }
  return ends;
}

const lineEnd = constantFrom("\r\n", "\n");
const head = record({
  before: array(lineEnd, { maxLength: 3 }),
  lines: array(constantFrom("GET / HTTP/1.1", "Host: a", " folded", "a\rb", "\rx", "A:", "\t"), {
    minLength: 1,
    maxLength: 5,
  }),
  ends: array(lineEnd, { minLength: 6, maxLength: 6 }),
}).map(
  ({ before, lines, ends }) => before.join("") + lines.map((line, at) => line + ends[at]).join("") + ends[5],
);

it("finds the end of each head, in whatever pieces the heads arrive", () => {
  assert(
    property(
      array(head, { maxLength: 4 }),
      array(integer({ min: 1, max: 30 }), { minLength: 1 }),
      (heads, sizes) => {
        let end = 0;
        const ends = heads.map((text) => (end += text.length));
        expect(endsIn(Buffer.from(heads.join("")), sizes)).toEqual(ends);
      },
    ),
    { numRuns: 500, seed: 3 },
  );
});

it.each(["", "\r\n\r\n\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\n\r"])(
  "finds no end in %j",
  (text) => {
    expect(endsIn(Buffer.from(text), [100])).toEqual([]);
  },
);

it.each(["\r\n", "\n", "A: b\r\nC: d\r\n\r\n"])("finds the end of the trailer section %j", (trailer) => {
  const bytes = Buffer.from(`${trailer}\r\nGET / HTTP/1.1\r\n\r\n`);
  for (const size of [1, 2, 3, 100]) {
    const scanner = new HeadScanner();
    scanner.beginTrailer();
    let at = 0;
    for (let end; end === undefined;) {
      const part = bytes.subarray(at, at + size);
      end = scanner.endIn(part);
      at += end ?? part.length;
    }
    expect(at).toBe(trailer.length);
    expect(scanner.endIn(bytes.subarray(at))).toBe(bytes.length - at);
  }
});
