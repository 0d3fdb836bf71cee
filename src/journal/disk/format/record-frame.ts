import { crc32 } from "node:zlib";

import type { Sequence } from "../../log/log.js";

/** Marker, CRC, length of the payload, sequence. */
export const frameHeadBytes = 18;

/** The size of a salt: the marker of frames, and the start of their CRC. */
export const saltBytes = 16;

const markerBytes = 4;

/**
 * What the frames of one file have in common. It comes from the file's random salt. Publishers do not know the salt, so
 * nothing that they publish can look like a frame of the file.
 */
export interface FrameKey {
  readonly marker: Buffer;
  readonly seed: number;
}

export function frameKey(salt: Buffer): FrameKey {
  return { marker: salt.subarray(0, markerBytes), seed: crc32(salt.subarray(markerBytes)) };
}

/** The bytes in front of a payload. */
export function encodeFrameHead(key: FrameKey, sequence: Sequence, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  key.marker.copy(head);
  head.writeUInt32BE(payload.length, 8);
  head.writeUIntBE(sequence, 12, 6);
  head.writeUInt32BE(checksum(key, head, payload), 4);
  return head;
}

/**
 * - `frame`: a whole frame
 * - `short`: the bytes end too early; the frame needs this number of bytes
 * - `damaged`: no frame begins here
 */
export type ParsedFrame =
  | { readonly kind: "frame"; readonly sequence: Sequence; readonly payload: Buffer }
  | { readonly kind: "short"; readonly bytes: number }
  | { readonly kind: "damaged" };

const damaged: ParsedFrame = { kind: "damaged" };

/** Parses the frame that begins at `offset`. The payload shares the memory of `bytes`. */
export function parseRecordFrame(key: FrameKey, bytes: Buffer, offset: number): ParsedFrame {
  const start = offset + frameHeadBytes;
  if (start > bytes.length) return { kind: "short", bytes: frameHeadBytes };
  if (!key.marker.equals(bytes.subarray(offset, offset + markerBytes))) return damaged;
  const end = start + bytes.readUInt32BE(offset + 8);
  if (end > bytes.length) return { kind: "short", bytes: end - offset };
  const payload = bytes.subarray(start, end);
  const head = bytes.subarray(offset, start);
  if (checksum(key, head, payload) !== head.readUInt32BE(4)) return damaged;
  return { kind: "frame", sequence: head.readUIntBE(12, 6), payload };
}

/** The CRC of length, sequence and payload. */
function checksum(key: FrameKey, head: Buffer, payload: Buffer): number {
  const ofHead = crc32(head.subarray(8), key.seed);
  // Node may return 0 for an empty buffer, instead of the value so far.
  return payload.length === 0 ? ofHead : crc32(payload, ofHead);
}
