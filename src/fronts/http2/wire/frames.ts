import { flag, frameHeaderBytes, frameType, mostFrameBytes } from "./protocol.js";
import type { Http2ErrorCode } from "./protocol.js";

const nothing: Buffer = Buffer.alloc(0);

/** The head of a frame. */
export interface FrameHead {
  /** The bytes of the payload. */
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

/** Writes the head of a frame. Returns the offset behind it. */
export function writeFrameHead(
  bytes: Buffer,
  at: number,
  { length, type, flags, stream }: FrameHead,
): number {
  // Single bytes are faster than Buffer's methods, and each delivery has a frame.
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = stream >>> 24;
  bytes[at + 6] = stream >>> 16;
  bytes[at + 7] = stream >>> 8;
  bytes[at + 8] = stream;
  return at + frameHeaderBytes;
}

function encodeFrame(head: Pick<FrameHead, "type"> & Partial<FrameHead>, payload = nothing): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  const at = writeFrameHead(bytes, 0, { flags: 0, stream: 0, ...head, length: payload.length });
  payload.copy(bytes, at);
  return bytes;
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** Encodes settings: pairs of an id and a value. */
export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return encodeFrame({ type: frameType.settings }, payload);
}

export const settingsAck: Buffer = encodeFrame({ type: frameType.settings, flags: flag.ack });

/** @param payload 8 bytes */
export function encodePing(payload: Buffer, isAck: boolean): Buffer {
  return encodeFrame({ type: frameType.ping, flags: isAck ? flag.ack : 0 }, payload);
}

export function encodeGoAway(lastStream: number, code: Http2ErrorCode): Buffer {
  return encodeFrame({ type: frameType.goAway }, numbers(lastStream, code));
}

export function encodeReset(stream: number, code: Http2ErrorCode): Buffer {
  return encodeFrame({ type: frameType.rstStream, stream }, numbers(code));
}

/** @param stream 0 for the window of the connection */
export function encodeWindowUpdate(stream: number, bytes: number): Buffer {
  return encodeFrame({ type: frameType.windowUpdate, stream }, numbers(bytes));
}

/** Encodes the last frame of a stream, without data. */
export function encodeEnd(stream: number): Buffer {
  return encodeFrame({ type: frameType.data, flags: flag.endStream, stream });
}

/** Encodes a header block in as many frames as it needs [RFC 9113 4.3]. */
export function encodeHeaders(stream: number, block: Buffer, isEnd: boolean): Buffer {
  const frames: Buffer[] = [];
  const end = isEnd ? flag.endStream : 0;
  for (let at = 0; at === 0 || at < block.length; at += mostFrameBytes) {
    const part = block.subarray(at, at + mostFrameBytes);
    const last = at + part.length === block.length ? flag.endHeaders : 0;
    const [type, flags] = at === 0 ? [frameType.headers, end | last] : [frameType.continuation, last];
    frames.push(encodeFrame({ type, flags, stream }, part));
  }
  return Buffer.concat(frames);
}
