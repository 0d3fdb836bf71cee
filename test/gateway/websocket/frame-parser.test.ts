import { array, assert, boolean, constant, constantFrom, integer, oneof, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { Lifetime } from "../../../src/base/lifetime.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import type { ClientFrame } from "../../../src/gateway/websocket/client-frame.js";
import { FrameParser } from "../../../src/gateway/websocket/frame-parser.js";
import { usedBytes } from "../../support/used-bytes.js";
import { clientFrame } from "../../support/web-socket.js";
import { gatewayRequest } from "../request.js";

const KiB = 1024;

interface World {
  readonly parser: FrameParser;
  readonly budget: BodyBudget;
  readonly lifetime: Lifetime;
}

function createParser(
  options: { isMasked?: boolean; requestBytes?: number; messageBytes?: number } = {},
): World {
  const budget = new BodyBudget({ requestBytes: options.requestBytes ?? 1024 * KiB });
  const lifetime = new Lifetime();
  const parser = new FrameParser({
    kinds: ["text", "binary"],
    messageBytes: options.messageBytes ?? 64 * KiB,
    waitingBytes: 256 * KiB,
    isMasked: options.isMasked ?? true,
    reserve: () => budget.reservationFor(gatewayRequest({}), lifetime),
  });
  return { parser, budget, lifetime };
}

/** The frames until the parser needs more bytes, without parts. */
function readAll(parser: FrameParser): string[] {
  const read: string[] = [];
  for (let frame = parser.next(); frame !== undefined; frame = parser.next())
    if (frame.kind !== "part") read.push(describeFrame(frame));
  return read;
}

function describeFrame(frame: ClientFrame): string {
  switch (frame.kind) {
    case "text":
    case "binary":
    case "ping":
      return `${frame.kind} ${frame.payload.toString("latin1")}`;
    case "end":
      return `end ${frame.lastFrame.readUInt16BE(2)} ${frame.lastFrame.toString("utf8", 4)}`;
    case "part":
      return "part";
    default:
      return frame satisfies never;
  }
}

interface Message {
  readonly opcode: number;
  /** The sizes of the fragments. */
  readonly sizes: readonly number[];
  readonly hasPings: boolean;
}

function bytesOf({ opcode, sizes, hasPings }: Message): Buffer {
  const ping = clientFrame({ opcode: 9, payload: Buffer.from("p") });
  return Buffer.concat(
    sizes.flatMap((size, index) => [
      clientFrame({
        opcode: index === 0 ? opcode : 0,
        payload: Buffer.alloc(size, String(index)),
        isFinal: index === sizes.length - 1,
      }),
      ...(hasPings ? [ping] : []),
    ]),
  );
}

const message = record({
  opcode: constantFrom(1, 2),
  sizes: array(
    oneof(constant(0), constant(1), integer({ min: 0, max: 130 }), integer({ min: 0, max: 9000 })),
    {
      minLength: 1,
      maxLength: 6,
    },
  ),
  hasPings: boolean(),
});
const pieces = array(oneof(constant(1), integer({ min: 1, max: 20 }), integer({ min: 1, max: 70 * KiB })), {
  minLength: 1,
  maxLength: 40,
});

/** Cuts the bytes into pieces of these sizes. Then the last size repeats, in about 500 pieces at most. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const cuts: Buffer[] = [];
  const last = Math.max(sizes.at(-1) ?? 1, Math.ceil(bytes.length / 500));
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index] ?? last;
    cuts.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return cuts;
}

/** Garbage of the test, and the precision of the measurement. */
const noiseBytes = 256 * KiB;

describe("the frames of a client", () => {
  it("are the same in pieces of any size, and fragments are joined", () => {
    assert(
      property(array(message, { maxLength: 5 }), pieces, (messages, sizes) => {
        const { parser } = createParser();
        const expected = messages.flatMap((each) => [
          ...(each.hasPings ? each.sizes.slice(1).map(() => "ping p") : []),
          `${each.opcode === 1 ? "text" : "binary"} ${each.sizes.map((size, index) => String(index).repeat(size)).join("")}`,
          ...(each.hasPings ? ["ping p"] : []),
        ]);
        const read = cut(Buffer.concat(messages.map(bytesOf)), sizes).flatMap((piece) => {
          parser.add(piece);
          return readAll(parser);
        });
        expect(read).toEqual(expected);
        parser.end();
        expect(readAll(parser)).toEqual(["end 1000 "]);
      }),
      { numRuns: 1000, seed: 10 },
    );
  });

  it("are told apart when they wait, and arrive after others that wait", () => {
    assert(
      property(array(message, { minLength: 1, maxLength: 5 }), pieces, (messages, sizes) => {
        const whole = createParser();
        const bytes = Buffer.concat(messages.map(bytesOf));
        whole.parser.add(Buffer.from(bytes));
        const waiting = createParser();
        for (const piece of cut(bytes, sizes)) waiting.parser.add(piece);
        expect(readAll(waiting.parser)).toEqual(readAll(whole.parser));
      }),
      { numRuns: 300, seed: 10 },
    );
  });

  // Bug: a body in chunks of one byte used 70 to 90 bytes of memory for each of its bytes.
  it("use at most three bytes for each received byte plus 1 KiB, and release all of them", () => {
    assert(
      property(
        array(message, { maxLength: 5 }),
        pieces,
        integer({ min: 0, max: 9 }),
        (messages, sizes, stop) => {
          const { parser, budget, lifetime } = createParser();
          let received = 0;
          let mostHeldPerByte = 0;
          for (const [index, piece] of cut(Buffer.concat(messages.map(bytesOf)), sizes).entries()) {
            received += piece.length;
            parser.add(piece);
            if (index % 10 >= stop) readAll(parser);
            parser.hold();
            mostHeldPerByte = Math.max(mostHeldPerByte, (budget.held - KiB) / received);
          }
          expect(mostHeldPerByte).toBeLessThanOrEqual(3);
          lifetime.end();
          expect(budget.held).toBe(0);
        },
      ),
      { numRuns: 500, seed: 10 },
    );
  });

  // The reservations cannot show an object that is kept for each fragment.
  it("use at most three times the bytes of a message in small fragments, in the process's memory", () => {
    const messageBytes = 256 * KiB;
    assert(
      property(integer({ min: 1, max: 8 }), (size) => {
        const { parser } = createParser({ messageBytes });
        const fragment = clientFrame({ opcode: 0, payload: Buffer.alloc(size, "a"), isFinal: false });
        const read = Buffer.concat(Array.from({ length: 1000 }, () => fragment));
        const reads = Math.floor(messageBytes / (1000 * size));
        parser.add(clientFrame({ opcode: 1, payload: Buffer.alloc(0), isFinal: false }));
        const before = usedBytes();
        for (let count = 0; count < reads; count += 1) {
          parser.add(Buffer.from(read));
          expect(readAll(parser)).toEqual([]);
        }
        expect(usedBytes() - before).toBeLessThanOrEqual(3 * reads * 1000 * size + noiseBytes);
        expect(parser.hasMore).toBe(true);
      }),
      { numRuns: 5, seed: 10 },
    );
  });

  // Bug: one byte of a frame could keep the 64 KiB of its read in memory, which nobody counted.
  it("keep nothing of a read but the beginning of a frame", () => {
    const before = usedBytes();
    const parsers = Array.from({ length: 640 }, () => {
      const { parser } = createParser();
      parser.add(Buffer.alloc(64 * KiB, 0x81).subarray(0, 1));
      expect(parser.next()).toBeUndefined();
      return parser;
    });
    expect(usedBytes() - before).toBeLessThanOrEqual(parsers.length * 16 * KiB);
    expect(parsers.filter(({ hasMore }) => hasMore)).toEqual(parsers);
  });

  // Bug: only the first message of a read had its memory reserved. The rest of the read was held without a limit while
  // a client did not read the answers to its other messages.
  it("stay reserved while one after the other has to wait", () => {
    const { parser, budget } = createParser();
    const text = clientFrame({ opcode: 1, payload: Buffer.alloc(10 * KiB, "a") });
    const read = (): Buffer => Buffer.concat([text, text, text]);
    parser.add(read());
    parser.next();
    parser.hold();
    parser.add(read());
    for (const least of [56, 56, 26, 26, 26]) {
      expect(parser.next()?.kind).toBe("text");
      expect(budget.held).toBeGreaterThanOrEqual(least * KiB);
    }
    expect(parser.next()).toBeUndefined();
    expect(budget.held).toBe(0);
  });

  it("come one at a time, so that the caller can stop in the middle of a read", () => {
    const { parser } = createParser();
    const ping = clientFrame({ opcode: 9, payload: Buffer.from("1") });
    parser.add(Buffer.concat(Array.from({ length: 9000 }, () => ping)));
    expect([parser.next()?.kind, parser.next()?.kind, parser.hasMore]).toEqual(["ping", "ping", true]);
    expect(readAll(parser)).toHaveLength(8998);
    expect(parser.hasMore).toBe(false);
  });

  it("need no mask if a server in front of the hub has unmasked them", () => {
    const { parser } = createParser({ isMasked: false });
    parser.add(Buffer.from([0x81, 2, 0x68, 0x69]));
    expect(readAll(parser)).toEqual(["text hi"]);
  });
});

describe("the end of what a client sends", () => {
  it("is in the middle of a message, if a message is incomplete", () => {
    for (const bytes of [
      Buffer.from([0x81]),
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 1]),
      Buffer.from([1, 0x80, 0, 0, 0, 0]),
    ]) {
      const { parser, budget } = createParser();
      parser.add(bytes);
      expect(readAll(parser)).toEqual([]);
      parser.end();
      expect(readAll(parser)).toEqual(["end 1002 the connection ended in the middle of a message"]);
      expect(budget.held).toBe(0);
    }
  });

  it("comes after the messages before it, even if bytes follow a close frame", () => {
    const { parser } = createParser();
    const text = clientFrame({ opcode: 1, payload: Buffer.from("a") });
    parser.add(
      Buffer.concat([text, text, clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe9]) }), text]),
    );
    expect(readAll(parser)).toEqual(["text a", "text a", "end 1001 "]);
    parser.add(text);
    expect(readAll(parser)).toEqual([]);
  });

  it("comes when too many bytes wait, after the bytes that waited before", () => {
    const { parser, budget } = createParser();
    const text = clientFrame({ opcode: 1, payload: Buffer.alloc(60 * KiB, "a") });
    for (let n = 0; n < 6; n += 1) parser.add(Buffer.from(text));
    expect(budget.held).toBeGreaterThan(180 * KiB);
    const read = readAll(parser);
    expect(read.slice(0, -1).map((each) => each.length)).toEqual(
      Array.from({ length: 5 }, () => 60 * KiB + 5),
    );
    expect(read.at(-1)).toMatch(/^end 1008 too many messages .*unanswered messages may be lost$/);
    expect(budget.held).toBe(0);
  });

  it("comes when there is no memory for a message, or for bytes that wait", () => {
    const first = createParser({ requestBytes: 8 * KiB });
    first.parser.add(clientFrame({ opcode: 1, payload: Buffer.alloc(30 * KiB, "a") }).subarray(0, 20 * KiB));
    expect(readAll(first.parser)).toEqual([
      expect.stringMatching(/^end 1013 .*unanswered messages may be lost/),
    ]);
    const second = createParser({ requestBytes: 8 * KiB });
    const text = clientFrame({ opcode: 1, payload: Buffer.from("a") });
    second.parser.add(Buffer.concat(Array.from({ length: 3000 }, () => text)));
    expect(second.parser.next()?.kind).toBe("text");
    second.parser.hold();
    expect(readAll(second.parser)).toEqual([
      expect.stringMatching(/^end 1013 .*unanswered messages may be lost/),
    ]);
    expect(second.budget.held).toBe(0);
  });
});
