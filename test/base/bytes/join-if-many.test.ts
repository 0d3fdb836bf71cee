import { expect, it } from "vitest";
import { joinIfMany } from "../../../src/base/bytes/join-if-many.js";

// Bug: a body or a head in pieces of one byte needed more than a hundred times its size.
it("pieces of one byte become few larger ones, with the same bytes", () => {
  let pieces: Buffer[] = [];
  const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, at) => at & 0xff));
  for (const byte of bytes) {
    pieces = joinIfMany(pieces);
    pieces.push(Buffer.from([byte]));
    expect(pieces.length).toBeLessThanOrEqual(64);
  }
  expect(Buffer.concat(pieces)).toEqual(bytes);
});
