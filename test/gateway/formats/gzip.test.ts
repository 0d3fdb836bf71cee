import { constants, gunzipSync } from "node:zlib";
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codings } from "../../../src/gateway/formats/codings.js";
import { gzipCoding } from "../../../src/gateway/formats/gzip.js";

const { header } = gzipCoding;
const encode = (body: Buffer, members: number): Buffer => gzipCoding.encode(body, members);

/** The text that a client can decode from the first part of a stream. */
function read(...parts: readonly Buffer[]): Buffer {
  return gunzipSync(Buffer.concat([header, ...parts]), { finishFlush: constants.Z_SYNC_FLUSH });
}

function jsonEvents(count: number): Buffer {
  const event = (n: number): string =>
    `id: #epoch:${n}\ndata: ${JSON.stringify({ symbol: "ABC", price: n * 1.25, volume: n * 77, side: "buy" })}\n\n`;
  return Buffer.from(Array.from({ length: count }, (_, n) => event(n)).join(""));
}

/** Texts and random bytes of many lengths, also above the size of a stored block and of the decoder's window. */
const bodies = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ minLength: 1, maxLength: 3000 }).map((text) => Buffer.from(`data: ${text}\n\n`)),
  fc.integer({ min: 1, max: 2000 }).map(jsonEvents),
  fc.integer({ min: 1, max: 140_000 }).map((length) => randomBytes(length)),
);
const member = fc.record({ body: bodies, members: fc.constantFrom(1, 3, 1000) });

describe("gzip for streams", () => {
  it("is found by its name", () => {
    expect(codings.get("gzip")).toBe(gzipCoding);
  });

  it("gives a client all of each body as soon as it has come, and never ends", () => {
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 6 }), (rounds) => {
        const coded = rounds.map(({ body, members }) => encode(body, members));
        for (let upTo = 1; upTo <= rounds.length; upTo += 1) {
          const expected = Buffer.concat(rounds.slice(0, upTo).map(({ body }) => body));
          expect(read(...coded.slice(0, upTo)).equals(expected)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("suits a client that had anything else before: a body refers to nothing in front of it", () => {
    fc.assert(
      fc.property(member, member, (before, { body, members }) => {
        const coded = encode(body, members);
        const prefix = encode(before.body, before.members);
        expect(read(coded).equals(body)).toBe(true);
        expect(read(prefix, coded).equals(Buffer.concat([before.body, body]))).toBe(true);
        // The second body follows the same text. A compressor with a history would refer to the first body.
        expect(read(coded, coded).equals(Buffer.concat([body, body]))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same bytes for the same body, whatever was encoded in between", () => {
    const first = encode(jsonEvents(50), 10);
    encode(randomBytes(5000), 10);
    expect(encode(jsonEvents(50), 10)).toEqual(first);
  });

  it.each([
    { what: "ten publications for a crowd", body: jsonEvents(10), members: 1000, times: 4 },
    { what: "fifty publications for a crowd", body: jsonEvents(50), members: 1000, times: 6 },
    { what: "a page of 64 KB for one", body: jsonEvents(900), members: 1, times: 6 },
  ])("makes $what at least $times times smaller", ({ body, members, times }) => {
    expect(encode(body, members).length * times).toBeLessThan(body.length);
  });

  it.each([
    { what: "a heartbeat", body: Buffer.from(":\nid: #epoch:1\n\n"), members: 10_000 },
    { what: "what is too little for the few who get it", body: jsonEvents(10), members: 5 },
    { what: "noise", body: randomBytes(30_000), members: 1000 },
  ])("adds ten bytes to $what", ({ body, members }) => {
    expect(encode(body, members).length).toBe(body.length + 10);
  });

  it("ends each body with an empty block: Go's decoder hands over what it has when one comes", () => {
    const bodies = [Buffer.from("x"), jsonEvents(100), randomBytes(70_000)];
    for (const body of bodies) expect(encode(body, 1000).subarray(-5).toString("hex")).toMatch(/0000ffff$/);
  });

  it("stores what is longer than one block holds", () => {
    const noise = randomBytes(200_000);
    const coded = encode(noise, 1);
    expect(coded.length).toBe(noise.length + 5 * 5);
    expect(read(coded).equals(noise)).toBe(true);
  });

  it("keeps no larger buffer alive than what it returns", () => {
    const coded = encode(jsonEvents(2000), 1);
    expect(coded.length).toBeGreaterThan(4096);
    expect(coded.buffer.byteLength).toBe(coded.length);
  });
});
