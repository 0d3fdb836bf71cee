import { describe, expect, it } from "vitest";
import { Http2FrameParser } from "../../../../src/fronts/http2/wire/http2-frame-parser.js";
import type { Frame } from "../../../../src/fronts/http2/wire/http2-frame-parser.js";
import { clientPreface, ConnectionFault, errorCode } from "../../../../src/fronts/http2/wire/protocol.js";
import { writeFrameHead } from "../../../../src/fronts/http2/wire/frames.js";
import { Random } from "../../../support/random.js";

function frameBytes({ type, flags, stream, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  writeFrameHead(head, 0, { length: payload.length, type, flags, stream });
  return Buffer.concat([head, payload]);
}

/** All frames that the parser has, as copies: their payloads are parts of larger buffers. */
function taken(parser: Http2FrameParser): readonly Frame[] {
  const frames: Frame[] = [];
  for (let frame = parser.next(); frame !== undefined; frame = parser.next())
    frames.push({ ...frame, payload: Buffer.from(frame.payload) });
  return frames;
}

function randomFrames(random: Random): readonly Frame[] {
  return Array.from({ length: 1 + random.below(12) }, () => ({
    type: random.below(256),
    flags: random.below(256),
    stream: random.below(2 ** 31),
    payload: Buffer.alloc(random.pick([0, 1, 4, 8, 100, 5000, 16_384]), random.below(256)),
  }));
}

function faultOf(bytes: Buffer): ConnectionFault | undefined {
  const parser = new Http2FrameParser();
  parser.add(bytes);
  try {
    taken(parser);
  } catch (error) {
    if (error instanceof ConnectionFault) return error;
    throw error;
  }
  return undefined;
}

describe("frames", () => {
  it("are the same in whatever pieces they come, and however late they are taken", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = new Random(seed);
      const frames = randomFrames(random);
      const bytes = Buffer.concat([clientPreface, ...frames.map(frameBytes)]);
      const parser = new Http2FrameParser();
      const got: Frame[] = [];
      const most = random.pick([1, 2, 10, 1000, 40_000]);
      for (let at = 0; at < bytes.length;) {
        const end = at + random.below(most + 1);
        parser.add(bytes.subarray(at, end));
        if (random.chance(0.7)) got.push(...taken(parser));
        at = end;
      }
      got.push(...taken(parser));
      expect(got).toEqual(frames);
    }
  });

  it("are the same split at each point", () => {
    const frames: readonly Frame[] = [
      { type: 4, flags: 0, stream: 0, payload: Buffer.alloc(6, 1) },
      { type: 1, flags: 5, stream: 1, payload: Buffer.from("abc") },
      { type: 0, flags: 0, stream: 1, payload: Buffer.alloc(0) },
    ];
    const bytes = Buffer.concat([clientPreface, ...frames.map(frameBytes)]);
    for (let at = 0; at <= bytes.length; at += 1) {
      const parser = new Http2FrameParser();
      parser.add(bytes.subarray(0, at));
      const first = taken(parser);
      parser.add(bytes.subarray(at));
      expect([...first, ...taken(parser)]).toEqual(frames);
    }
  });

  it("have a stream of 31 bits: the reserved bit is ignored", () => {
    const parser = new Http2FrameParser();
    parser.add(
      Buffer.concat([clientPreface, Buffer.from("000000 06 00 80000001".replaceAll(" ", ""), "hex")]),
    );
    expect(taken(parser)).toEqual([{ type: 6, flags: 0, stream: 1, payload: Buffer.alloc(0) }]);
  });

  it("may have 16,384 bytes, and are refused by their head if they have more", () => {
    const head = (length: number): Buffer => {
      const bytes = Buffer.alloc(9);
      writeFrameHead(bytes, 0, { length, type: 0, flags: 0, stream: 1 });
      return Buffer.concat([clientPreface, bytes]);
    };
    expect(faultOf(head(16_384))).toBeUndefined();
    expect(faultOf(head(16_385))?.code).toBe(errorCode.frameSizeError);
    expect(faultOf(head(2 ** 24 - 1))?.code).toBe(errorCode.frameSizeError);
  });
});

describe("the beginning of a connection", () => {
  it("is refused at its first wrong byte", () => {
    for (let at = 0; at < clientPreface.length; at += 1) {
      const bytes = Buffer.from(clientPreface.subarray(0, at + 1));
      expect(faultOf(bytes)).toBeUndefined();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(faultOf(bytes)?.code).toBe(errorCode.protocolError);
    }
  });

  it("is refused if it is that of HTTP/1", () => {
    expect(faultOf(Buffer.from("GET / HTTP/1.1\r\n"))?.code).toBe(errorCode.protocolError);
  });
});
