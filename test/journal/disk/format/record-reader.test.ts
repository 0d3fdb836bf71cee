import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { DiskFile } from "../../../../src/journal/disk/files/files.js";
import {
  encodeFrameHead,
  frameHeadBytes,
  frameKey,
  parseRecordFrame,
} from "../../../../src/journal/disk/format/record-frame.js";
import { RecordReader } from "../../../../src/journal/disk/format/record-reader.js";

const key = frameKey(randomBytes(16));

function frameOf(sequence: number, payload: Buffer): Buffer {
  return Buffer.concat([encodeFrameHead(key, sequence, payload), payload]);
}

function fileOf(content: Buffer): DiskFile {
  return {
    read: (buffer, position) => Promise.resolve(content.copy(buffer, 0, position)),
    write: () => Promise.reject(new Error("read only")),
    sync: () => Promise.resolve(),
    size: () => Promise.resolve(content.length),
    close: () => Promise.resolve(),
  };
}

/** The numbers and texts of all frames that a reader finds. */
async function readAll(content: Buffer, chunkBytes: number): Promise<[number, string][]> {
  const reader = new RecordReader(fileOf(content), { key, from: 0, to: content.length, chunkBytes });
  const found: [number, string][] = [];
  for (let frames = await reader.next(); frames.length > 0; frames = await reader.next())
    for (const { sequence, payload, from, to } of frames) {
      expect(content.subarray(from + frameHeadBytes, to).equals(payload)).toBe(true);
      found.push([sequence, payload.toString()]);
    }
  return found;
}

const payloads = ["a", "b".repeat(30), "", "c".repeat(100), "d"];
const content = Buffer.concat(payloads.map((text, index) => frameOf(index + 1, Buffer.from(text))));
const whole = payloads.map((text, index) => [index + 1, text]);
const chunkSizes = Array.from({ length: content.length + 2 }, (_, index) => index + 1);

test("a reader finds all frames, whatever the size of its chunks", async () => {
  for (const chunkBytes of chunkSizes) expect(await readAll(content, chunkBytes)).toEqual(whole);
});

test("a reader goes on behind any damaged byte, and misses that frame only", async () => {
  for (const at of content.keys()) {
    const damaged = Buffer.from(content);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    for (const chunkBytes of [1, 7, 64, 1000]) {
      const found = await readAll(damaged, chunkBytes);
      expect(found.length).toBe(payloads.length - 1);
      expect(whole).toEqual(expect.arrayContaining(found));
    }
  }
});

test("a reader finds the frames in front of any torn end", async () => {
  for (let length = 0; length < content.length; length += 1)
    for (const chunkBytes of [1, 64, 1000]) {
      const found = await readAll(content.subarray(0, length), chunkBytes);
      expect(found).toEqual(whole.slice(0, found.length));
      expect(found.length).toBeLessThan(payloads.length);
    }
});

test("a reader finds frames behind foreign bytes of any length, also with parts of a marker", async () => {
  for (let length = 1; length < 80; length += 1) {
    const foreign = Buffer.alloc(length, key.marker.subarray(0, 3));
    const found = await readAll(Buffer.concat([foreign, content]), 16);
    expect(found).toEqual(whole);
  }
});

test("a frame of another file is no frame", async () => {
  const other = frameKey(randomBytes(16));
  const payload = Buffer.from("other");
  const foreign = Buffer.concat([encodeFrameHead(other, 9, payload), payload]);
  expect(await readAll(Buffer.concat([foreign, content]), 64)).toEqual(whole);
});

test("a frame says how many bytes it needs", () => {
  const frame = frameOf(281_474_976_710_655, Buffer.from("payload"));
  expect(parseRecordFrame(key, frame.subarray(0, 10), 0)).toEqual({ kind: "short", bytes: frameHeadBytes });
  expect(parseRecordFrame(key, frame.subarray(0, 20), 0)).toEqual({ kind: "short", bytes: frame.length });
  expect(parseRecordFrame(key, frame, 0)).toMatchObject({ kind: "frame", sequence: 281_474_976_710_655 });
  expect(parseRecordFrame(key, frame, 1)).toEqual({ kind: "damaged" });
});
