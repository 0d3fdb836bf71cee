import { finalBit, lengthInEight, lengthInTwo, mostControlBytes, mostInTwo, opcodes } from "./frame.js";

/** The header of a frame [RFC 6455 5.2]. */
export interface FrameHeader {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payloadBytes: number;
  /** The position of the mask; undefined if the frame has no mask. */
  readonly maskAt: number | undefined;
  /** The position of the payload. */
  readonly payloadAt: number;
}

const reservedBits = 0x70;
const maskBit = 0x80;
const maskBytes = 4;

/** True for the frames that are not part of a message [RFC 6455 5.5]. */
export function isControl(opcode: number): boolean {
  return opcode >= opcodes.close;
}

/**
 * Reads the header at this position.
 *
 * @returns undefined if more bytes are needed; a text if the header breaks a rule. The text says which rule.
 */
export function readFrameHeader(bytes: Buffer, at: number): FrameHeader | string | undefined {
  const first = bytes[at];
  const second = bytes[at + 1];
  if (first === undefined || second === undefined) return undefined;
  const opcode = first & 0xf;
  const isFinal = (first & finalBit) !== 0;
  const code = second & ~maskBit;
  const fault = faultOf({ first, opcode, isFinal, code });
  if (fault !== undefined) return fault;
  const lengthBytes = code === lengthInTwo ? 2 : code === lengthInEight ? 8 : 0;
  const lengthEnd = at + 2 + lengthBytes;
  const isMasked = (second & maskBit) !== 0;
  const payloadAt = isMasked ? lengthEnd + maskBytes : lengthEnd;
  if (bytes.length < lengthEnd) return undefined;
  const payloadBytes = lengthBytes === 0 ? code : readLength(bytes, at + 2, lengthBytes);
  if (typeof payloadBytes === "string") return payloadBytes;
  if (bytes.length < payloadAt) return undefined;
  return { isFinal, opcode, payloadBytes, maskAt: isMasked ? lengthEnd : undefined, payloadAt };
}

interface FirstBytes {
  readonly first: number;
  readonly opcode: number;
  readonly isFinal: boolean;
  /** The seven bits for the length. */
  readonly code: number;
}

function faultOf({ first, opcode, isFinal, code }: FirstBytes): string | undefined {
  if ((first & reservedBits) !== 0) return "reserved bits must be 0: the hub accepts no extension";
  if (!known.has(opcode)) return `frames must not have the reserved opcode ${opcode}`;
  if (!isControl(opcode)) return undefined;
  if (!isFinal) return "control frames must not be fragmented";
  return code > mostControlBytes
    ? `a control frame must have at most ${mostControlBytes} bytes of payload`
    : undefined;
}

const known: ReadonlySet<number> = new Set(Object.values(opcodes));

/** The length must be in its shortest form, and its first bit must be 0 [RFC 6455 5.2]. */
function readLength(bytes: Buffer, at: number, lengthBytes: 2 | 8): number | string {
  if (lengthBytes === 8 && bytes.readUInt8(at) >= 0x80) return "the first bit of a length must be 0";
  const length = lengthBytes === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at));
  const least = lengthBytes === 2 ? lengthInTwo : mostInTwo + 1;
  return length < least ? "a length must be in its shortest form" : length;
}
