import { PharosError } from "../../base/errors.js";

/** What a frame may be [RFC 6455 5.2]. */
export const opcodes = Object.freeze({
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
});

/** A control frame holds at most this [RFC 6455 5.5]. */
export const mostControlBytes = 125;

/** The first bit: the frame is a message's last, and here each is its only one. */
const final = 0x80;

/** A length over 125 stands in the two bytes behind it, one over 65,535 in eight. */
const lengthInTwo = 126;
const lengthInEight = 127;
const mostInTwo = 0xffff;

/** One text message as a server sends it: in one frame, unmasked, so that the same bytes suit every client. */
export function frameText(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const header = headerFor(opcodes.text, bytes);
  const frame = Buffer.allocUnsafe(header.length + bytes);
  header.copy(frame);
  frame.write(text, header.length);
  return frame;
}

/** An empty ping, which every client answers. */
export const emptyPing: Buffer = headerFor(opcodes.ping, 0);

/**
 * The answer to a ping.
 *
 * @throws PharosError `too-large` for a payload that no ping may have
 */
export function framePong(payload: Buffer): Buffer {
  return frameControl(opcodes.pong, payload);
}

/** Why a connection is closed [RFC 6455 7.4.1]. */
export const closeCodes = Object.freeze({
  normal: 1000,
  /** The server stops. */
  goingAway: 1001,
  protocolError: 1002,
  /** A kind of data that is not taken here. */
  unsupported: 1003,
  badText: 1007,
  /** Something that is not allowed; the reason says what. */
  policy: 1008,
  tooBig: 1009,
  /** Come back later. */
  tryLater: 1013,
});

/**
 * The last frame of a connection.
 *
 * @param code one of {@link closeCodes}, or the other side's own
 * @param reason at most 123 bytes
 * @throws PharosError `too-large` for a longer reason
 */
export function frameClose(code: number, reason = ""): Buffer {
  const payload = Buffer.from(`  ${reason}`);
  payload.writeUInt16BE(code);
  return frameControl(opcodes.close, payload);
}

/** The last frame of a connection that is closed from this side, by why it is. */
export const endFrames = Object.freeze({
  stopping: frameClose(closeCodes.goingAway, "the server stops"),
  expired: frameClose(closeCodes.policy, "the token has expired"),
  misused: frameClose(closeCodes.policy, "what was sent is not taken here"),
  /** What the client sends finds no room. */
  full: frameClose(closeCodes.tryLater, "the server holds as many bytes as it may"),
});

function frameControl(opcode: number, payload: Buffer): Buffer {
  if (payload.length > mostControlBytes)
    throw new PharosError("too-large", `a control frame holds at most ${mostControlBytes} bytes`);
  return Buffer.concat([headerFor(opcode, payload.length), payload]);
}

/** The shortest form of the length, as it must be [RFC 6455 5.2]. */
function headerFor(opcode: number, bytes: number): Buffer {
  const first = final | opcode;
  if (bytes < lengthInTwo) return Buffer.from([first, bytes]);
  if (bytes <= mostInTwo) return Buffer.from([first, lengthInTwo, bytes >> 8, bytes & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = lengthInEight;
  header.writeBigUInt64BE(BigInt(bytes), 2);
  return header;
}
