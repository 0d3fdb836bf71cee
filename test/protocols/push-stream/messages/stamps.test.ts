import { expect, it } from "vitest";
import { Stamps } from "../../../../src/protocols/push-stream/messages/stamps.js";

const start = 1_767_225_600;
const seconds = 100_500;

function long(): Stamps {
  const stamps = new Stamps(start * 1000);
  for (let offset = 1; offset <= seconds; offset += 1)
    stamps.apply({ offset, atMs: (start + 1 + offset) * 1000 });
  return stamps;
}

it("finds the seconds of more than a day", () => {
  const stamps = long();
  for (const offset of [seconds - 86_400, seconds - 50_000, seconds])
    expect(stamps.offsetAt(stamps.of(offset))).toBe(offset);
});

// Bug: a client with such a stamp resumed from the oldest second that was left, and lost the messages before it.
it("takes a second that is no longer stored as the beginning of history", () => {
  const stamps = long();
  expect(stamps.of(100)).toEqual({ time: 0, tag: 0 });
  expect(stamps.offsetAt({ time: start + 1 + 100, tag: 1 })).toBe(0);
});
