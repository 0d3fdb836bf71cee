import { array, assert, asyncProperty, constant, integer, oneof, record, string } from "fast-check";
import type { Arbitrary } from "fast-check";
import { createServer } from "node:http";
import { duplexPair } from "node:stream";
import { describe, expect, it } from "vitest";
import { ChunkJoiner } from "../../../../src/fronts/http/input/chunk-joiner.js";

/** The pieces in which the bytes arrive. The sizes repeat. */
function piecesOf(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 1)
    pieces.push(bytes.subarray(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
  return pieces;
}

function joined(bytes: Buffer, sizes: readonly number[]): Buffer {
  const joiner = new ChunkJoiner();
  const joinedOf = (piece: Buffer): readonly Buffer[] => {
    if (joiner.isDone) return [piece];
    const { joined: chunks, used } = joiner.join(piece);
    return [chunks, piece.subarray(used)];
  };
  return Buffer.concat(piecesOf(bytes, sizes).flatMap(joinedOf));
}

/** What Node's HTTP server makes of a body: the data and trailers of each request, and its complaint. */
function readBy(bytes: Buffer): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    const read: unknown[] = [];
    const server = createServer((request, response) => {
      let data = "";
      request.setEncoding("latin1").on("data", (text: string) => (data += text));
      request.on("end", () => {
        read.push([data, request.rawTrailers]);
        response.end();
        if (request.method === "GET") resolve(read);
      });
    });
    server.on("clientError", ({ code }: Error & { readonly code?: string }) =>
      resolve([...read, code?.startsWith("HPE_")]),
    );
    const [client, socket] = duplexPair();
    server.emit("connection", socket);
    client.resume().write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.write(bytes);
    // A further request, which must not become a part of the body. After a missing empty line, it is a malformed trailer.
    client.end("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
}

/** A part of a body; most are chunks that RFC 9112 allows. */
const part: Arbitrary<string> = oneof(
  {
    weight: 12,
    arbitrary: record({
      data: string({ minLength: 1, maxLength: 40, unit: constant("a") }),
      zeros: integer({ min: 0, max: 3 }),
      extension: oneof({ weight: 4, arbitrary: constant("") }, constant(";a=b"), constant(';a="b;\t c"')),
    }).map(
      ({ data, zeros, extension }) =>
        `${"0".repeat(zeros)}${data.length.toString(16)}${extension}\r\n${data}\r\n`,
    ),
  },
  constant("1 \r\na\r\n"),
  constant("1\na\r\n"),
  constant("1\ra\r\n"),
  constant("2\r\na\r\n"),
  constant("1\r\nab\r\n"),
  constant("1\r\na\n"),
  constant("1\r\na\rz"),
  constant("1\r\naz\n"),
  constant("1;a\nb\r\na\r\n"),
  constant("1;a\u0001\r\na\r\n"),
  constant("g\r\na\r\n"),
  constant("\r\n"),
  constant("-1\r\na\r\n"),
);
const body = record({
  parts: array(part, { maxLength: 6 }),
  end: oneof(
    { weight: 6, arbitrary: constant("0\r\n\r\n") },
    constant("00;x\r\nTrailer: a\r\n\r\n"),
    constant("0\r\n"),
  ),
}).map(({ parts, end }) => Buffer.from(parts.join("") + end, "latin1"));

describe("the joiner of chunks", () => {
  it("changes nothing that Node's server makes of a body, in whatever pieces the body arrives", async () => {
    let accepted = 0;
    await assert(
      asyncProperty(
        body,
        array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        async (bytes, sizes) => {
          const expected = await readBy(bytes);
          if (expected.length === 2 && expected[1] !== true) accepted += 1;
          expect(await readBy(joined(bytes, sizes))).toEqual(expected);
        },
      ),
      { numRuns: 400, seed: 9 },
    );
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(300);
  });

  // Bug: the memory of 43,000 buffers of one byte was freed at once, and the event loop stopped for 30 to 80 ms.
  it("makes one chunk of all chunks that arrive together", () => {
    const text = joined(Buffer.from("1\r\na\r\n".repeat(683)), [4098]).toString();
    expect(text).toBe(`2ab\r\n${"a".repeat(683)}\r\n`);
    expect(joined(Buffer.from("2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n"), [1000]).toString()).toBe(
      "3\r\nabc\r\n0\r\n\r\n",
    );
  });

  it("ends with the last chunk", () => {
    const joiner = new ChunkJoiner();
    joiner.join(Buffer.from("1\r\na\r\n0"));
    expect(joiner.isDone).toBe(false);
    const { joined: chunks, used } = joiner.join(Buffer.from("\r\nA: b\r\n\r\nGET / HTTP/1.1"));
    expect(chunks.toString()).toBe("0\r\n");
    expect(used).toBe(2);
    expect(joiner.isDone).toBe(true);
  });

  it.each([
    ["16 digits", `${"0".repeat(15)}1\r\na\r\n0\r\n\r\n`, "1\r\na\r\n0\r\n\r\n"],
    ["17 digits", `${"0".repeat(16)}1\r\na\r\n0\r\n\r\n`, "!\r\na\r\n0\r\n\r\n"],
    ["16 KiB of extensions", `1;${"x".repeat(16_384)}\r\na\r\n`.repeat(2), "2\r\naa\r\n"],
    ["more extensions", `1;x\r\na\r\n1;${"x".repeat(16_385)}\r\na\r\n`, "1\r\na\r\n!\r\na\r\n"],
  ])(
    "reads at most 16 digits of a size and 16 KiB of extensions of a chunk: %s",
    (_name, bytes, expected) => {
      expect(joined(Buffer.from(bytes), [bytes.length]).toString()).toBe(expected);
    },
  );
});
