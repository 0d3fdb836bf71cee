import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PublisherProtocol } from "../../../src/zeromq/zmtp/publisher-protocol.js";
import { zmtpFrame, zmtpGreeting, zmtpReady } from "../../support/raw-publisher.js";

const hello = Buffer.concat([zmtpGreeting, zmtpReady()]);

function withMechanism(name: string): Buffer {
  return Buffer.concat([zmtpGreeting.subarray(0, 12), Buffer.from(name.padEnd(52, "\0"))]);
}

function ping(context: string): Buffer {
  return zmtpFrame(`\x04PING\0\x0a${context}`, 4);
}

/** Passes chunks to a protocol. Returns its messages as text, what it wrote, and whether it refused the peer. */
function run(chunks: readonly Buffer[]) {
  const written: Buffer[] = [];
  const messages: string[][] = [];
  const write = (bytes: Buffer): void => void written.push(bytes);
  const protocol = new PublisherProtocol({ maxFrameBytes: 1000, mostFrames: 4, write });
  for (const chunk of chunks) {
    protocol.push(Buffer.from(chunk));
    for (;;) {
      const step = protocol.next();
      if (step.kind === "refused") return { messages, written, isRefused: true };
      if (step.kind === "wait") break;
      messages.push(step.frames.map(String));
    }
  }
  return { messages, written, isRefused: false };
}

describe("PublisherProtocol", () => {
  const twoMessages = Buffer.concat([
    hello,
    zmtpFrame("topic", 1),
    zmtpFrame("data"),
    ping("abc"),
    zmtpFrame("alone"),
  ]);
  const messages = [["topic", "data"], ["alone"]];

  it("reads messages in two pieces, cut anywhere", () => {
    for (let at = 1; at < twoMessages.length; at += 1) {
      const { messages: read, isRefused } = run([twoMessages.subarray(0, at), twoMessages.subarray(at)]);
      expect({ at, read, isRefused }).toEqual({ at, read: messages, isRefused: false });
    }
  });

  it("reads messages byte by byte, and answers PING with its context", () => {
    const { messages: read, written } = run([...twoMessages].map((byte) => Buffer.from([byte])));
    expect(read).toEqual(messages);
    expect(written).toEqual([zmtpGreeting, zmtpReady("PULL"), zmtpFrame("\x04PONGabc", 4)]);
  });

  it("gives the same result for any bytes, whole and byte by byte, and never throws", () => {
    const change = fc.tuple(fc.nat(twoMessages.length - 1), fc.nat(255));
    const results = { refused: 0, read: 0 };
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const bytes = Buffer.from(twoMessages);
        for (const [at, byte] of changes) bytes[at] = byte;
        const whole = run([bytes]);
        const single = run([...bytes].map((byte) => Buffer.from([byte])));
        expect(single).toMatchObject({ messages: whole.messages, isRefused: whole.isRefused });
        results[whole.isRefused ? "refused" : "read"] += 1;
      }),
      { seed: 20_261_130, numRuns: 2000 },
    );
    expect(results.refused).toBeGreaterThan(100);
    expect(results.read).toBeGreaterThan(100);
  });

  it("answers a flood of PINGs once for each chunk", () => {
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => ping("")));
    expect(run([hello, flood, flood]).written.slice(2)).toEqual(
      Array.from({ length: 2 }, () => zmtpFrame("\x04PONG", 4)),
    );
  });

  it("drops the frames of a message above the limit, and reads on", () => {
    const many = Buffer.concat(Array.from({ length: 5000 }, () => zmtpFrame("x", 1)));
    const { messages: read } = run([hello, many, zmtpFrame("x"), zmtpFrame("next")]);
    expect(read).toEqual([["x", "x", "x", "x"], ["next"]]);
  });

  it("ignores commands that it does not know, and properties in any order", () => {
    const ready = zmtpFrame("\x05READY\x08Identity\0\0\0\x01i\x0bSOCKET-TYPE\0\0\0\x04PUSH", 4);
    const { messages: read } = run([zmtpGreeting, ready, zmtpFrame("\x03NEW", 4), zmtpFrame("x")]);
    expect(read).toEqual([["x"]]);
  });

  it.each([
    ["an HTTP request", Buffer.from("POST / HTTP/1.1\r\n\r\n")],
    ["ZMTP 1.0", Buffer.from([1, 0, 8, 0])],
    ["ZMTP 2.0", Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8])],
    ["a signature with another end", Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0])],
    ["a publisher with keys", withMechanism("CURVE")],
    ["a publisher with a password", withMechanism("PLAIN")],
    ["a mechanism that only begins with NULL", withMechanism("NULLS")],
    ["a subscriber", Buffer.concat([zmtpGreeting, zmtpReady("SUB")])],
    ["a READY without a socket type", Buffer.concat([zmtpGreeting, zmtpFrame("\x05READY", 4)])],
    [
      "a READY with a property that is cut",
      Buffer.concat([zmtpGreeting, zmtpFrame("\x05READY\x0bSocket-Type\0\0\0\x09PUSH", 4)]),
    ],
    ["a message before READY", Buffer.concat([zmtpGreeting, zmtpFrame("x")])],
    ["an ERROR", Buffer.concat([hello, zmtpFrame("\x05ERROR\0", 4)])],
    ["an empty command", Buffer.concat([hello, zmtpFrame("", 4)])],
    ["a PING with a long context", Buffer.concat([hello, ping("x".repeat(17))])],
    ["a frame above the limit", Buffer.concat([hello, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0x03, 0xe9])])],
  ])("refuses %s", (_name, bytes) => {
    expect(run([bytes])).toMatchObject({ messages: [], isRefused: true });
    expect(run([...bytes].map((byte) => Buffer.from([byte])))).toMatchObject({ isRefused: true });
  });
});
