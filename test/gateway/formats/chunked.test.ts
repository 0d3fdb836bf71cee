import { array, assert, boolean, property, uint8Array } from "fast-check";
import { constants, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { chunked, encodeChunk } from "../../../src/gateway/formats/chunked.js";
import { codings } from "../../../src/gateway/formats/codings.js";
import { gzipCoding } from "../../../src/gateway/formats/gzip.js";
import { decodeChunks } from "../../support/chunks.js";

describe("a stream in chunks", () => {
  it("has the bytes of all writes, each in one chunk, with and without gzip", () => {
    const writes = array(uint8Array({ maxLength: 5000 }), { maxLength: 20 });
    assert(
      property(writes, boolean(), (bodies, isCoded) => {
        const coding = chunked(isCoded ? gzipCoding : undefined);
        const parts = bodies.map((body) => Buffer.from(body)).filter((body) => body.length > 0);
        const sent = [
          isCoded ? encodeChunk(gzipCoding.header) : Buffer.alloc(0),
          ...parts.map((body) => coding.encode(body, 1000)),
        ];
        const { body, isEnded, rest } = decodeChunks(Buffer.concat(sent));
        expect([isEnded, rest.length]).toEqual([false, 0]);
        const plain = isCoded ? gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }) : body;
        expect(plain.equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it("gets no empty chunk, which would end it", () => {
    expect(encodeChunk(Buffer.alloc(0))).toHaveLength(0);
  });

  it("has one coding for each content coding, with a name by which workers find it", () => {
    for (const coding of [chunked(undefined), chunked(gzipCoding), gzipCoding])
      expect(codings.get(coding.name)).toBe(coding);
  });
});
