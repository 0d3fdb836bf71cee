/** The first bytes of a client [RFC 9113 3.4]. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** The types of frames [RFC 9113 6]. */
export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flags of frames. ACK and END_STREAM have the same bit. */
export const flags = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** The identifiers of settings [RFC 9113 6.5.2]. */
export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** The error codes [RFC 9113 7]; the index is the number. */
export const errorNames = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;
export type ErrorName = (typeof errorNames)[number];

/** The window of a connection, and of a stream without a setting [RFC 9113 6.9.2]. */
export const defaultWindow = 65_535;
export const largestWindow = 2 ** 31 - 1;
/** The largest payload that a peer accepts without a setting [RFC 9113 4.2]. */
export const defaultFrameBytes = 16_384;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** 0 for the connection. */
  readonly stream: number;
  readonly payload: Buffer;
}

export interface FrameFields {
  readonly type: number;
  /** @default 0 */
  readonly flags?: number;
  /** @default 0 */
  readonly stream?: number;
  /** @default empty */
  readonly payload?: Buffer;
  /** The length field, for frames that lie. @default the length of the payload */
  readonly length?: number;
}

/** Encodes any frame, also one that breaks the rules. */
export function encodeFrame(fields: FrameFields): Buffer {
  const { type, payload = Buffer.alloc(0), length = payload.length } = fields;
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = fields.flags ?? 0;
  head.writeUInt32BE((fields.stream ?? 0) >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** SETTINGS with these pairs, in order. */
export function settingsFrame(pairs: Iterable<readonly [id: number, value: number]> = []): Buffer {
  const payload = Buffer.concat(
    [...pairs].map(([id, value]) => {
      const pair = Buffer.alloc(6);
      pair.writeUInt16BE(id, 0);
      pair.writeUInt32BE(value, 2);
      return pair;
    }),
  );
  return encodeFrame({ type: types.settings, payload });
}

export const settingsAck = encodeFrame({ type: types.settings, flags: flags.ack });

export function windowUpdate(stream: number, bytes: number): Buffer {
  return encodeFrame({ type: types.windowUpdate, stream, payload: uint32(bytes) });
}

export function rstStream(stream: number, error: ErrorName = "CANCEL"): Buffer {
  return encodeFrame({ type: types.rstStream, stream, payload: uint32(errorNames.indexOf(error)) });
}

export function ping(
  payload: Buffer = Buffer.from("12345678"),
  options: { readonly ack?: boolean } = {},
): Buffer {
  return encodeFrame({ type: types.ping, flags: options.ack === true ? flags.ack : 0, payload });
}

export function goaway(lastStream: number, error: ErrorName = "NO_ERROR"): Buffer {
  const payload = Buffer.concat([uint32(lastStream), uint32(errorNames.indexOf(error))]);
  return encodeFrame({ type: types.goaway, payload });
}

export function dataFrame(
  stream: number,
  payload: Buffer | string,
  options: { readonly endStream?: boolean } = {},
): Buffer {
  return encodeFrame({
    type: types.data,
    stream,
    flags: options.endStream === true ? flags.endStream : 0,
    payload: Buffer.from(payload),
  });
}

export function headersFrame(
  stream: number,
  block: Buffer,
  options: { readonly endStream?: boolean; readonly endHeaders?: boolean } = {},
): Buffer {
  const { endStream = true, endHeaders = true } = options;
  return encodeFrame({
    type: types.headers,
    stream,
    flags: (endStream ? flags.endStream : 0) | (endHeaders ? flags.endHeaders : 0),
    payload: block,
  });
}

export function continuation(
  stream: number,
  block: Buffer,
  options: { readonly endHeaders?: boolean } = {},
): Buffer {
  const isLast = options.endHeaders ?? true;
  return encodeFrame({
    type: types.continuation,
    stream,
    flags: isLast ? flags.endHeaders : 0,
    payload: block,
  });
}

export type Fields = Iterable<readonly [name: string, value: string]>;

/** A header block of literals without an index and without Huffman codes [RFC 7541 6.2.2]. */
export function literalBlock(fields: Fields): Buffer {
  return Buffer.concat([...fields].flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([prefixedInteger(bytes.length), bytes]);
}

/** An integer with a prefix of 7 bits [RFC 7541 5.1]. */
function prefixedInteger(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Splits received bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are complete with this piece. The payloads are copies. */
  take(piece: Buffer): readonly Frame[] {
    const all = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const frames: Frame[] = [];
    let at = 0;
    while (all.length - at >= 9) {
      const end = at + 9 + all.readUIntBE(at, 3);
      if (end > all.length) break;
      frames.push({
        type: all[at + 3]!,
        flags: all[at + 4]!,
        stream: all.readUInt32BE(at + 5) & 0x7fff_ffff,
        payload: Buffer.from(all.subarray(at + 9, end)),
      });
      at = end;
    }
    this.#rest = Buffer.from(all.subarray(at));
    return frames;
  }
}
