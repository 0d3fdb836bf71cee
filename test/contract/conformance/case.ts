/** One case of the conformance table. */
export interface ConformanceCase {
  readonly name: string;
  /** The bytes that the client sends after the handshake. */
  readonly bytes: Buffer;
  /** The words for what the client receives, in order. A last word `close CODE` ends the connection. */
  readonly outcome: readonly string[];
}

export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** @default true */
  readonly isFinal?: boolean;
  /** The three reserved bits. @default 0 */
  readonly reserved?: number;
  /** @default true */
  readonly isMasked?: boolean;
  /** The number of bytes that contain the length. @default the shortest form */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length that the header announces. @default the length of the payload */
  readonly announced?: bigint;
}

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A frame with any header, valid or not [RFC 6455 5.2]. */
export function rawFrame(frame: RawFrame): Buffer {
  const { opcode, isFinal = true, reserved = 0, isMasked = true } = frame;
  const payload = Buffer.from(frame.payload ?? "");
  const announced = frame.announced ?? BigInt(payload.length);
  const lengthBytes = frame.lengthBytes ?? shortest(announced);
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode;
  const code = lengthBytes === 0 ? Number(announced) : lengthBytes === 2 ? 126 : 127;
  const length = Buffer.alloc(lengthBytes);
  if (lengthBytes === 2) length.writeUInt16BE(Number(announced));
  if (lengthBytes === 8) length.writeBigUInt64BE(announced);
  const head = Buffer.concat([Buffer.from([first, (isMasked ? 0x80 : 0) | code]), length]);
  if (!isMasked) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

function shortest(length: bigint): 0 | 2 | 8 {
  if (length < 126n) return 0;
  return length < 65_536n ? 2 : 8;
}

/** The frames of one text message in fragments with these payloads. */
export function fragments(payloads: readonly (Buffer | string)[], opcode = 1): Buffer {
  return Buffer.concat(
    payloads.map((payload, index) =>
      rawFrame({ opcode: index === 0 ? opcode : 0, payload, isFinal: index === payloads.length - 1 }),
    ),
  );
}

/** A message that the hub answers with `filters REQUEST`, with spaces up to this number of bytes. */
export function question(request: number, bytes = 0): string {
  const text = JSON.stringify({ drop: [], request });
  return text.padEnd(bytes, " ");
}
