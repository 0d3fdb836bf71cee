import { PharosError } from "../../base/errors.js";

/** The types of frames [RFC 6455 5.2]. */
export const opcodes = Object.freeze({
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
});

/** The most bytes in the payload of a control frame [RFC 6455 5.5]. */
export const mostControlBytes = 125;

/** The first bit of a frame, which marks the last frame of a message. The hub sends each message in one frame. */
export const finalBit = 0x80;

/** Length codes. A length above 125 needs two more bytes, a length above 65,535 eight more. */
export const lengthInTwo = 126;
export const lengthInEight = 127;
export const mostInTwo = 0xffff;

/** Encodes a text message as one unmasked frame, so that all clients get the same bytes. */
export function frameText(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const header = headerFor(finalBit | opcodes.text, bytes);
  const frame = Buffer.allocUnsafe(header.length + bytes);
  header.copy(frame);
  frame.write(text, header.length);
  return frame;
}

/**
 * Encodes an unmasked frame with any first byte.
 *
 * @param firstByte the bit for the last fragment, the reserved bits and the opcode
 */
export function encodeFrame(firstByte: number, payload: Buffer): Buffer {
  return Buffer.concat([headerFor(firstByte, payload.length), payload]);
}

/** A ping without a payload. */
export const emptyPing: Buffer = headerFor(finalBit | opcodes.ping, 0);

/**
 * The response to a ping.
 *
 * @throws PharosError `too-large` for a payload above {@link mostControlBytes}
 */
export function framePong(payload: Buffer): Buffer {
  return frameControl(opcodes.pong, payload);
}

/** The codes of a close frame [RFC 6455 7.4.1]. */
export const closeCodes = Object.freeze({
  normal: 1000,
  /** The server is stopping. */
  goingAway: 1001,
  protocolError: 1002,
  /** The client sent a kind of message that the endpoint does not accept. */
  unsupported: 1003,
  badText: 1007,
  /** The client broke a rule. The close frame's reason names the rule. */
  policy: 1008,
  tooBig: 1009,
  /** The client may try again later. */
  tryLater: 1013,
});

/**
 * The last frame of a connection.
 *
 * @param code one of {@link closeCodes}, or the code that the client sent
 * @param reason at most 123 bytes
 * @throws PharosError `too-large` for a longer reason
 */
export function frameClose(code: number, reason = ""): Buffer {
  const payload = Buffer.from(`  ${reason}`);
  payload.writeUInt16BE(code);
  return frameControl(opcodes.close, payload);
}

/** The close code and the text for each reason for which the hub closes a connection. */
const ends = {
  /** The client asked for the end, and has all answers. */
  requested: [closeCodes.normal, ""],
  stopping: [closeCodes.goingAway, "the server stops"],
  aged: [closeCodes.goingAway, "the stream has reached its longest age; reconnect and resume"],
  expired: [closeCodes.policy, "the token has expired"],
  disconnected: [closeCodes.policy, "an operator has disconnected this client"],
  revoked: [closeCodes.policy, "the token is revoked"],
  deleted: [closeCodes.normal, "the channel is deleted"],
  misused: [closeCodes.policy, "too many messages or requests of this client; send fewer, or more slowly"],
  /** The memory for messages and bodies is used up. */
  full: [closeCodes.tryLater, "the server has no memory for messages now; try again later"],
} as const;

/** The reason for which the hub closes a WebSocket. */
export type CloseReason = keyof typeof ends;

/** The last frame of a connection that the hub closes, for each reason. */
export const endFrames: Readonly<Record<CloseReason, Buffer>> = framesOf("");

/**
 * The same frames for a client whose last messages have no answer. The hub has not handled these messages, or cannot
 * send their answers any more.
 */
export const lossyEndFrames: Readonly<Record<CloseReason, Buffer>> = framesOf(
  "unanswered messages may be lost",
);

function framesOf(addition: string): Readonly<Record<CloseReason, Buffer>> {
  const frame = (reason: CloseReason): Buffer => {
    const [code, text] = ends[reason];
    return frameClose(code, [text, addition].filter((part) => part !== "").join("; "));
  };
  return Object.freeze({
    requested: frame("requested"),
    stopping: frame("stopping"),
    aged: frame("aged"),
    expired: frame("expired"),
    disconnected: frame("disconnected"),
    revoked: frame("revoked"),
    deleted: frame("deleted"),
    misused: frame("misused"),
    full: frame("full"),
  });
}

function frameControl(opcode: number, payload: Buffer): Buffer {
  if (payload.length > mostControlBytes)
    throw new PharosError(
      "too-large",
      `a control frame may have at most ${mostControlBytes} bytes, not ${payload.length}`,
    );
  return encodeFrame(finalBit | opcode, payload);
}

/** Encodes the header of a frame. The length must have its shortest form [RFC 6455 5.2]. */
function headerFor(first: number, bytes: number): Buffer {
  if (bytes < lengthInTwo) return Buffer.from([first, bytes]);
  if (bytes <= mostInTwo) return Buffer.from([first, lengthInTwo, bytes >> 8, bytes & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = lengthInEight;
  header.writeBigUInt64BE(BigInt(bytes), 2);
  return header;
}
