/** The types of frames [RFC 9113 6]. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flags of frames. Two names have the same bit, since no frame has both. */
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** The reasons to reset a stream or to close a connection [RFC 9113 7]. */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

export type Http2ErrorCode = (typeof errorCode)[keyof typeof errorCode];

/** The settings of a peer [RFC 9113 6.5.2]. */
export const settingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** The bytes with which a client begins a connection [RFC 9113 3.4]. */
export const clientPreface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** The window of a new connection, and of a new stream unless the peer's settings say otherwise [RFC 9113 6.9.2]. */
export const initialWindowBytes = 65_535;

/** The largest window [RFC 9113 6.9.1]. */
export const mostWindowBytes = 2 ** 31 - 1;

/** The largest payload of a frame that each peer accepts [RFC 9113 4.2]. The hub neither sends nor accepts more. */
export const mostFrameBytes = 16_384;

/** The bytes of a frame's head [RFC 9113 4.1]. */
export const frameHeaderBytes = 9;

/** A fault of the peer, after which the connection has to end [RFC 9113 5.4.1]. */
export class ConnectionFault extends Error {
  readonly code: Http2ErrorCode;

  constructor(code: Http2ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A fault of the peer, after which one stream has to end [RFC 9113 5.4.2]. */
export class StreamFault extends Error {
  readonly code: Http2ErrorCode;

  constructor(code: Http2ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
