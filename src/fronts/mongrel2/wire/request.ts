import { isUtf8 } from "node:buffer";
import { PharosError } from "../../../base/errors.js";
import { type HeaderBlock, parseJsonHeaders, parseTnetstringHeaders } from "./headers.js";
import { defaultRequestLimits, type RequestLimits } from "./limits.js";
import { readNetstring } from "./netstring.js";
import { type Notice, parseCredits, parseNotice, recogniseNotice } from "./notice.js";
import { isConnectionId, isSender, maxConnectionId, maxSenderBytes } from "./sender.js";

/** Everything that a frame from Mongrel2 can be. */
export type Mongrel2Frame =
  | { readonly kind: "request"; readonly request: Mongrel2Request }
  /** The connection has gone. A negative id echoes a delivery to an id that no connection had: the fence. */
  | { readonly kind: "disconnect"; readonly sender: string; readonly id: number }
  /** So many bytes of earlier deliveries have been written to the client. */
  | { readonly kind: "credits"; readonly sender: string; readonly id: number; readonly credits: number }
  /**
   * `sender` and `id` are there when both could be read and a client may be waiting for an answer: 400 and a close.
   * `reason` is for the log: it quotes nothing that a client sent.
   */
  | { readonly kind: "malformed"; readonly sender?: string; readonly id?: number; readonly reason: string };

/** One HTTP request, as a client sent it through Mongrel2. */
export interface Mongrel2Request {
  readonly sender: string;
  /** Names the connection, not the request: a second request may come under the same id. */
  readonly id: number;
  readonly path: string;
  /** The client's own word, `JSON` and `WEBSOCKET` included: it says nothing about what kind of frame this is. */
  readonly method: string;
  readonly uri: string;
  /** Raw, without the `?`; empty when there is none. */
  readonly query: string;
  /** Such as `HTTP/1.1`. */
  readonly version: string;
  /** The peer of Mongrel2; empty where an old server does not say. */
  readonly remoteAddress: string;
  readonly urlScheme: string;
  /** The route that matched. */
  readonly pattern: string;
  /** What the client sent: lower-case names, every value of a repeated header in order. Never holds a pseudo header. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** A view into the frame: who keeps it keeps the frame. */
  readonly body: Buffer;
  /** Bytes that may lie unwritten; on the first request of a connection, where the server has flow control. */
  readonly downloadCredits?: number;
  /** What a WebSocket's client has sent, in place of a request; only Mongrel2 says so. The body is unmasked and whole. */
  readonly webSocket?: { readonly opcode: number };
  /** True when an upload header is present, whoever wrote it: answer 413 and close, and never open the file it names. */
  readonly upload: boolean;
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
/** A sign and ten digits; ids are 32 bits wide. */
const maxIdBytes = 11;

/**
 * Reads one frame `SENDER ID PATH SIZE:HEADERS SIZE:BODY,` with HEADERS in either protocol. Never throws: what cannot
 * be read is `malformed`. A notice is one only on path `@*` and without the PATH that Mongrel2 writes into everything
 * that a client sent. Time is linear in the length of the frame, and nothing over a limit is parsed.
 */
export function parseMongrel2Frame(frame: Buffer, limits?: Partial<RequestLimits>): Mongrel2Frame {
  const merged = limits === undefined ? defaultRequestLimits : { ...defaultRequestLimits, ...limits };
  const preamble = parsePreamble(frame);
  if (preamble === undefined) return { kind: "malformed", reason: "no sender, id and path in front" };
  try {
    return readFrame(frame, preamble, merged);
  } catch (error) {
    if (!(error instanceof PharosError)) throw error;
    return malformed(frame, preamble, error.message);
  }
}

/** The connection that a frame is of, with nothing else read; undefined for a notice, and where none can be read. */
export function requestIdOf(frame: Buffer): number | undefined {
  const preamble = parsePreamble(frame);
  return preamble === undefined || isNoticePath(frame, preamble) ? undefined : preamble.id;
}

function readFrame(frame: Buffer, preamble: Preamble, limits: RequestLimits): Mongrel2Frame {
  const onNoticePath = isNoticePath(frame, preamble);
  const recognised = onNoticePath ? recogniseNotice(frame, preamble.pathEnd + 1) : undefined;
  if (recognised) return noticeFrame(preamble, recognised);
  const [block, body] = readParts(frame, preamble.pathEnd + 1, limits);
  // Behind a route "@" a client can ask for @* itself, or name it in a JSON socket's message [seen on 1.12.2].
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

/** Where the word of at most `maxBytes` that starts at `start` ends; -1 where it is longer. */
function findSpace(frame: Buffer, start: number, maxBytes: number): number {
  for (let at = start; at <= start + maxBytes; at++) {
    if (frame[at] === space) return at;
  }
  return -1;
}

/** From the bytes, without text in between, since this runs for every notice. */
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
  if (!isConnectionId(id)) throw refusal("a request comes under a negative id");
  if (!isUtf8(path)) throw refusal("the path is not UTF-8");
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
    ...(flags === undefined ? {} : { webSocket: { opcode: parseOpcode(flags) } }),
    upload: headers.has("x-mongrel2-upload-start") || headers.has("x-mongrel2-upload-done"),
  };
}

/** The first byte of the frame, in hex; its low half says what it is [RFC 6455 5.2]. */
function parseOpcode(flags: string): number {
  if (!/^0x[0-9a-f]{1,2}$/i.test(flags)) throw refusal("FLAGS are not those of a frame");
  return Number(flags) & 0xf;
}

function readParts(frame: Buffer, offset: number, limits: RequestLimits): [block: HeaderBlock, body: Buffer] {
  if (frame.length > limits.maxFrameBytes) throw refusal(`more than ${limits.maxFrameBytes} bytes`);
  const head = readNetstring(frame, offset, frame.length);
  if (head.end - head.start > limits.maxHeaderBytes)
    throw refusal(`headers of more than ${limits.maxHeaderBytes} bytes`);
  const body = readNetstring(frame, head.next, frame.length);
  if (body.type !== comma || body.next !== frame.length) throw refusal("the body does not end the frame");
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
  throw refusal("headers are neither JSON nor a tnetstring dict");
}

function required(pseudo: ReadonlyMap<string, string>, name: string): string {
  const value = pseudo.get(name);
  if (value === undefined) throw refusal(`${name} is missing`);
  return value;
}

/** On a notice nobody waits for an answer, and a close would hit a client that has done nothing wrong. */
function malformed(frame: Buffer, preamble: Preamble, reason: string): Mongrel2Frame {
  const { sender, id } = preamble;
  if (isNoticePath(frame, preamble) || !isConnectionId(id)) return { kind: "malformed", sender, reason };
  return { kind: "malformed", sender, id, reason };
}

function refusal(what: string): PharosError {
  return new PharosError("bad-mongrel2-request", what);
}
