import { expect, test } from "vitest";
import { WriteBuffers } from "../../../../src/fronts/http2/session/write-buffers.js";

const sizes = [4 * 1024, 16 * 1024, 68 * 1024];

test.each(sizes)("a buffer of up to %i bytes is used again after the system has taken it", (size) => {
  const buffers = new WriteBuffers();
  const first = buffers.take(size);
  const second = buffers.take(size);
  expect(second.buffer).not.toBe(first.buffer);
  buffers.giveBack(first);
  const third = buffers.take(size - 100);
  expect(third.buffer).toBe(first.buffer);
  expect(third).toHaveLength(size - 100);
});

test("each length gets a buffer of its length, and larger ones are not kept", () => {
  const buffers = new WriteBuffers();
  for (const length of [0, 1, 4096, 4097, 16_384, 16_385, 69_632, 69_633, 200_000]) {
    const taken = buffers.take(length);
    expect(taken).toHaveLength(length);
    buffers.giveBack(taken);
  }
  const large = buffers.take(69_633);
  buffers.giveBack(large);
  expect(buffers.take(69_633).buffer).not.toBe(large.buffer);
});

test.each(sizes)("at most 4.25 MiB of buffers of %i bytes wait to be used again", (size) => {
  const buffers = new WriteBuffers();
  const most = Math.floor((4.25 * 1024 * 1024) / size);
  const taken = Array.from({ length: most + 5 }, () => buffers.take(size));
  for (const buffer of taken) buffers.giveBack(buffer);
  const known = new Set(taken.map(({ buffer }) => buffer));
  const again = Array.from({ length: most + 5 }, () => buffers.take(size));
  expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(most);
});
