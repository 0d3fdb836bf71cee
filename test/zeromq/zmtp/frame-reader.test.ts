import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../../src/zeromq/zmtp/frame-reader.js";

interface Sent {
  readonly body: Buffer;
  readonly hasMore: boolean;
  readonly isCommand: boolean;
  readonly isLong: boolean;
}

function encode({ body, hasMore, isCommand, isLong }: Sent): Buffer {
  const long = isLong || body.length > 255;
  const size = Buffer.alloc(long ? 8 : 1);
  if (long) size.writeBigUInt64BE(BigInt(body.length));
  else size.writeUInt8(body.length);
  const flags = (hasMore ? 1 : 0) | (long ? 2 : 0) | (isCommand ? 4 : 0);
  return Buffer.concat([Buffer.from([flags]), size, body]);
}

/** All frames of `bytes`, which arrive in pieces that end at `cuts`. */
function read(bytes: Buffer, cuts: readonly number[]): unknown[] {
  const reader = new FrameReader(1000);
  const frames: unknown[] = [];
  const ends = [...new Set([...cuts, bytes.length])].toSorted((a, b) => a - b);
  for (const [index, end] of ends.entries()) {
    reader.push(Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)));
    for (let frame = reader.frame(); frame !== undefined; frame = reader.frame()) frames.push(frame);
  }
  return frames;
}

const sent = fc.record({
  body: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  hasMore: fc.boolean(),
  isCommand: fc.boolean(),
  isLong: fc.boolean(),
});

describe("FrameReader", () => {
  it("reads the frames of any stream, in any pieces", () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 12 }), fc.array(fc.nat(3000)), (all, cuts) => {
        const bytes = Buffer.concat(all.map(encode));
        const frames = all.map(({ body, hasMore, isCommand }) => ({ body, hasMore, isCommand }));
        const inside = cuts.filter((cut) => cut > 0 && cut < bytes.length);
        expect(read(bytes, inside)).toEqual(frames);
      }),
      { seed: 20_261_130, numRuns: 1000 },
    );
  });

  it("reads frames that arrive byte by byte", () => {
    const all = [1, 0, 255, 256].map((length) => ({
      body: Buffer.alloc(length, "x"),
      hasMore: true,
      isCommand: false,
      isLong: false,
    }));
    const bytes = Buffer.concat(all.map(encode));
    const everywhere = Array.from({ length: bytes.length - 1 }, (_, n) => n + 1);
    expect(read(bytes, everywhere)).toHaveLength(4);
  });

  it.each([
    ["a reserved flag", [0x08, 0]],
    ["a frame above the limit, before its body", [2, 0, 0, 0, 0, 0, 0, 0x03, 0xe9]],
    ["the largest announced size", [2, ...Buffer.alloc(8, 0xff)]],
  ])("refuses %s", (_name, bytes) => {
    const reader = new FrameReader(1000);
    reader.push(Buffer.from(bytes));
    expect(reader.frame()).toBe("invalid");
  });
});
