import { isUtf8 } from "node:buffer";
import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { type HeaderBlock, parseJsonHeaders, parseTnetstringHeaders } from "./headers.js";
import { defaultRequestLimits, type RequestLimits } from "./limits.js";
import { readNetstring } from "./netstring.js";
import { type Notice, parseCredits, parseNotice, recogniseNotice } from "./notice.js";
import { isConnectionId, isSender, maxConnectionId, maxSenderBytes } from "./sender.js";

/** A parsed frame from Mongrel2. */
export type Mongrel2Frame =
  | { readonly kind: "request"; readonly request: Mongrel2Request }
  /**
   * The connection has ended. If the id is negative, no connection has this id: the notice is the answer to a fence.
   */
  | { readonly kind: "disconnect"; readonly sender: string; readonly id: number }
  /** Mongrel2 has written `credits` bytes of earlier deliveries to the client. */
  | { readonly kind: "credits"; readonly sender: string; readonly id: number; readonly credits: number }
  /**
   * `sender` and `id` are set if both could be read and a client may wait for an answer. In this case, answer 400 and
   * close the connection. `reason` is a text for the log. It may quote the names of headers, but never a value that a
   * client sent, which may be a secret.
   */
  | {
      readonly kind: "malformed";
      readonly sender?: string;
      readonly id?: number;
      readonly reason: string;
      /** True if the frame is larger than the limit. */
      readonly isTooLarge?: boolean;
    };

/** One HTTP request that a client sent through Mongrel2. */
export interface Mongrel2Request {
  readonly sender: string;
  /** The id of the connection, not of the request: further requests may have the same id. */
  readonly id: number;
  readonly path: string;
  /**
   * The method as the client sent it. A client may send `JSON` or `WEBSOCKET`, so the method does not tell the kind of
   * the frame.
   */
  readonly method: string;
  readonly uri: string;
  /** The query as the client sent it, without the `?`; empty if there is no query. */
  readonly query: string;
  /** For example `HTTP/1.1`. */
  readonly version: string;
  /** The IP address of Mongrel2's TCP peer; empty if an old server does not report it. */
  readonly remoteAddress: string;
  readonly urlScheme: string;
  /** The route that matched. */
  readonly pattern: string;
  /**
   * The client's headers: names in lower case, all values of a repeated header in order, no pseudo headers.
   */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** The body as a view into the frame, so a reference to the body keeps the whole frame in memory. */
  readonly body: Buffer;
  /**
   * The server's limit for the unwritten bytes of the connection. Set on the first request of a connection if the
   * server has flow control.
   */
  readonly downloadCredits?: number;
  /**
   * Set if this frame is a message of a WebSocket and not a request. A client cannot fake this field: only Mongrel2
   * sets it. The body is complete and unmasked.
   */
  readonly webSocket?: WebSocketFrame;
  /**
   * True if an upload header is present, from Mongrel2 or from the client. In this case, answer 413, close the
   * connection, and never open the file that the header names.
   */
  readonly upload: boolean;
}

/** What Mongrel2 tells of a frame of a WebSocket beside its payload. */
export interface WebSocketFrame {
  /** The first byte of the frame: the bit for the last fragment, the reserved bits and the opcode [RFC 6455 5.2]. */
  readonly firstByte: number;
}

interface Preamble {
  readonly sender: string;
  readonly id: number;
  readonly pathStart: number;
  readonly pathEnd: number;
}

const space = 0x20;
const minus = 0x2d;
const zero = 0x30;
const comma = 0x2c;
const closingBrace = 0x7d;
const noticePath = [0x40, 0x2a] as const; // @*
/** The longest id, in bytes: a sign and ten digits, because ids have 32 bits. */
const maxIdBytes = 11;

/**
 * Parses one frame `SENDER ID PATH SIZE:HEADERS SIZE:BODY,` with HEADERS in either protocol. Never throws: a frame that
 * cannot be parsed is `malformed`. A frame is a notice only if its path is `@*` and it has no PATH header: Mongrel2
 * adds a PATH header to each frame that comes from a client. The time is linear in the length of the frame. The parser
 * stops at the first value above a limit.
 */
export function parseMongrel2Frame(frame: Buffer, limits?: Partial<RequestLimits>): Mongrel2Frame {
  const merged = limits === undefined ? defaultRequestLimits : { ...defaultRequestLimits, ...limits };
  const preamble = parsePreamble(frame);
  if (preamble === undefined)
    return { kind: "malformed", reason: "a frame must begin with a sender, an id and a path" };
  try {
    return readFrame(frame, preamble, merged);
  } catch (error) {
    if (!(error instanceof PharosError)) throw error;
    return malformed(frame, preamble, error);
  }
}

/** Reads only the connection's id from a frame; undefined for a notice, or if there is no id. */
export function requestIdOf(frame: Buffer): number | undefined {
  const preamble = parsePreamble(frame);
  return preamble === undefined || isNoticePath(frame, preamble) ? undefined : preamble.id;
}

function readFrame(frame: Buffer, preamble: Preamble, limits: RequestLimits): Mongrel2Frame {
  const onNoticePath = isNoticePath(frame, preamble);
  const recognised = onNoticePath ? recogniseNotice(frame, preamble.pathEnd + 1) : undefined;
  if (recognised) return noticeFrame(preamble, recognised);
  const [block, body] = readParts(frame, preamble.pathEnd + 1, limits);
  // The path alone does not prove a notice. If the server has a route "@", a client can also request @*, or send this
  // path in a message of a JSON socket [seen on 1.12.2].
  if (onNoticePath && !block.pseudo.has("PATH")) return noticeFrame(preamble, parseNotice(block, body));
  const path = frame.subarray(preamble.pathStart, preamble.pathEnd);
  return { kind: "request", request: readRequest({ ...preamble, path, body }, block) };
}

function parsePreamble(frame: Buffer): Preamble | undefined {
  const senderEnd = findSpace(frame, 0, maxSenderBytes);
  const idEnd = findSpace(frame, senderEnd + 1, maxIdBytes);
  const id = parseId(frame, senderEnd + 1, idEnd);
  const pathEnd = frame.indexOf(space, idEnd + 1);
  if (senderEnd < 0 || id === undefined || pathEnd <= idEnd + 1) return undefined;
  const sender = frame.toString("latin1", 0, senderEnd);
  return isSender(sender) ? { sender, id, pathStart: idEnd + 1, pathEnd } : undefined;
}

/**
 * The position of the space that ends a field of at most `maxBytes`; -1 if the field is longer. The field starts at
 * `start`.
 */
function findSpace(frame: Buffer, start: number, maxBytes: number): number {
  for (let at = start; at <= start + maxBytes; at++) {
    if (frame[at] === space) return at;
  }
  return -1;
}

/** Parses an id directly from bytes, without a string, since this function runs for every notice. */
function parseId(frame: Buffer, start: number, end: number): number | undefined {
  const negative = frame[start] === minus;
  const first = negative ? start + 1 : start;
  if (end <= first) return undefined;
  let id = 0;
  for (let at = first; at < end; at++) {
    const digit = (frame[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return undefined;
    id = id * 10 + digit;
  }
  if (id > maxConnectionId) return undefined;
  return negative && id !== 0 ? -id : id;
}

function isNoticePath(frame: Buffer, { pathStart, pathEnd }: Preamble): boolean {
  return (
    pathEnd - pathStart === 2 && frame[pathStart] === noticePath[0] && frame[pathStart + 1] === noticePath[1]
  );
}

function noticeFrame({ sender, id }: Preamble, notice: Notice): Mongrel2Frame {
  return notice.kind === "disconnect"
    ? { kind: "disconnect", sender, id }
    : { kind: "credits", sender, id, credits: notice.credits };
}

interface RawRequest {
  readonly sender: string;
  readonly id: number;
  readonly path: Buffer;
  readonly body: Buffer;
}

function readRequest(
  { sender, id, path, body }: RawRequest,
  { pseudo, headers }: HeaderBlock,
): Mongrel2Request {
  if (!isConnectionId(id)) throw refusal(`the id of a request must be from 0 to 4294967295, not ${id}`);
  if (!isUtf8(path)) throw refusal("the path must be valid UTF-8");
  const credits = pseudo.get("DOWNLOAD_CREDITS");
  const flags = pseudo.get("FLAGS");
  return {
    sender,
    id,
    path: path.toString("utf8"),
    method: required(pseudo, "METHOD"),
    uri: required(pseudo, "URI"),
    query: pseudo.get("QUERY") ?? "",
    version: required(pseudo, "VERSION"),
    remoteAddress: pseudo.get("REMOTE_ADDR") ?? "",
    urlScheme: pseudo.get("URL_SCHEME") ?? "http",
    pattern: pseudo.get("PATTERN") ?? "",
    headers,
    body,
    ...(credits === undefined ? {} : { downloadCredits: parseCredits(credits) }),
    ...(flags === undefined ? {} : { webSocket: { firstByte: parseFirstByte(flags) } }),
    upload: headers.has("x-mongrel2-upload-start") || headers.has("x-mongrel2-upload-done"),
  };
}

/** FLAGS is the first byte of the WebSocket frame in hexadecimal. */
function parseFirstByte(flags: string): number {
  if (!/^0x[0-9a-f]{1,2}$/i.test(flags))
    throw refusal(`FLAGS must be one byte in hexadecimal, such as 0x81, not ${quoteValue(flags)}`);
  return Number(flags);
}

function readParts(frame: Buffer, offset: number, limits: RequestLimits): [block: HeaderBlock, body: Buffer] {
  if (frame.length > limits.maxFrameBytes)
    throw new PharosError(
      "too-large",
      `a frame may have at most ${limits.maxFrameBytes} bytes, not ${frame.length}`,
    );
  const head = readNetstring(frame, offset, frame.length);
  if (head.end - head.start > limits.maxHeaderBytes)
    throw refusal(
      `the headers may have at most ${limits.maxHeaderBytes} bytes, not ${head.end - head.start}`,
    );
  const body = readNetstring(frame, head.next, frame.length);
  if (body.type !== comma)
    throw refusal(`the body must be a string (type byte 0x2c), not type byte 0x${body.type.toString(16)}`);
  if (body.next !== frame.length)
    throw refusal(`the frame must end with its body, but ${frame.length - body.next} bytes follow`);
  return [parseHeaders(frame, { ...head, offset }, limits), frame.subarray(body.start, body.end)];
}

function parseHeaders(
  frame: Buffer,
  head: { readonly offset: number; readonly start: number; readonly end: number; readonly type: number },
  limits: RequestLimits,
): HeaderBlock {
  if (head.type === comma) return parseJsonHeaders(frame.subarray(head.start, head.end), limits);
  if (head.type === closingBrace)
    return parseTnetstringHeaders(frame.subarray(head.offset, head.end + 1), limits);
  throw refusal(
    `the headers must be JSON (type byte 0x2c) or a tnetstring dict (0x7d), not type byte 0x${head.type.toString(16)}`,
  );
}

function required(pseudo: ReadonlyMap<string, string>, name: string): string {
  const value = pseudo.get(name);
  if (value === undefined) throw refusal(`the header ${name} is missing`);
  return value;
}

/**
 * A malformed notice gets no `sender` and `id`, because no client waits for an answer to a notice. A close would
 * disconnect a client that did nothing wrong.
 */
function malformed(frame: Buffer, preamble: Preamble, { code, message: reason }: PharosError): Mongrel2Frame {
  const { sender, id } = preamble;
  if (isNoticePath(frame, preamble) || !isConnectionId(id)) return { kind: "malformed", sender, reason };
  return { kind: "malformed", sender, id, reason, ...(code === "too-large" ? { isTooLarge: true } : {}) };
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-request", message);
}
