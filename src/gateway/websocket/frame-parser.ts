import { isUtf8 } from "node:buffer";
import { PharosError } from "../../base/errors.js";
import { BodyBuffer } from "../limits/body-buffer.js";
import { tryResize } from "../limits/body-budget.js";
import type { BodyReservation } from "../limits/body-budget.js";
import type { ClientFrame } from "./client-frame.js";
import { answerToClose } from "./close-frame.js";
import { closeCodes, endFrames, frameClose, lossyEndFrames, mostControlBytes, opcodes } from "./frame.js";
import { isControl, readFrameHeader } from "./frame-header.js";
import type { FrameHeader } from "./frame-header.js";
import { otherKindReason } from "./message-kinds.js";
import type { MessageKind } from "./message-kinds.js";

export interface FrameParserOptions {
  /** The kinds of messages that the client may send. */
  readonly kinds: readonly MessageKind[];
  /** The most bytes of one message. */
  readonly messageBytes: number;
  /** The most bytes that may wait while earlier frames are handled, in addition to one read of the socket. */
  readonly waitingBytes: number;
  /** True if the frames are masked, as clients send them. False if a server in front of the hub has unmasked them. */
  readonly isMasked: boolean;
  /** A new reservation of memory. Each buffer of the parser has its own. */
  readonly reserve: () => BodyReservation;
}

/** A data frame whose payload is incomplete. */
interface OpenFrame {
  readonly isFinal: boolean;
  /** The bytes of the payload that have not arrived. */
  missing: number;
  readonly mask: Buffer | undefined;
  /** The position in the mask for the next byte. */
  maskAt: number;
}

/**
 * Bytes that each of the two buffers of a client may use without a reservation. This is enough for a change of filters
 * or for a token.
 */
const freeBytes = 4096;

/** The most bytes of an incomplete frame that is not parsed: a control frame with its mask, without its last byte. */
const mostHeadBytes = 2 + 4 + mostControlBytes - 1;

const nothing = Buffer.alloc(0);
const part: ClientFrame = { kind: "part" };

/**
 * Parses what one WebSocket client sends [RFC 6455 5]. Bytes may arrive in pieces of any size. Each call of
 * {@link FrameParser.next} parses at most one frame, so the caller can stop between any two frames. Whatever the
 * framing, the parser holds at most twice the bytes that it has received, plus 16 KiB.
 */
export class FrameParser {
  readonly #options: FrameParserOptions;
  /** The bytes to parse next, from the position {@link #at}. */
  #bytes: Buffer = nothing;
  #at = 0;
  /** Bytes that arrived while others waited. */
  readonly #later: BodyBuffer;
  readonly #bytesReservation: BodyReservation;
  /** The kind of the message whose fragments arrive. */
  #kind: MessageKind | undefined;
  readonly #message: BodyBuffer;
  #frame: OpenFrame | undefined;
  /** The bytes of the message that the caller handles now. */
  #handedBytes = 0;
  /** The frame for the client when all bytes are parsed; undefined while more bytes may arrive. */
  #lastFrame: Buffer | undefined;
  #isOver = false;

  constructor(options: FrameParserOptions) {
    const { reserve, messageBytes, waitingBytes } = options;
    this.#options = options;
    this.#bytesReservation = reserve();
    this.#later = new BodyBuffer({ reservation: reserve(), mostBytes: waitingBytes });
    this.#message = new BodyBuffer({ reservation: reserve(), mostBytes: messageBytes, freeBytes });
  }

  /** True if the client sent something that is not handled yet. */
  get hasMore(): boolean {
    return (
      !this.#isOver && (this.#unparsedBytes > 0 || this.#kind !== undefined || this.#frame !== undefined)
    );
  }

  /**
   * Adds bytes. The parser unmasks them in place, so the caller must not use them any more. If too many bytes wait, or
   * there is no memory for them, the parser drops them, and ends after the bytes before them.
   */
  add(bytes: Buffer): void {
    if (this.#isOver || this.#lastFrame !== undefined) return;
    if (this.#later.length === 0 && this.#unparsedBytes <= mostHeadBytes) {
      this.#bytes = this.#unparsedBytes === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
      this.#at = 0;
      return;
    }
    try {
      this.#later.append(bytes);
    } catch (error) {
      this.breakOff(lastFrameFor(error));
    }
  }

  /** Call this method when the client sends no more bytes. */
  end(): void {
    this.breakOff(nothing);
  }

  /** Ends after the bytes so far. Ignores further bytes, and further calls. */
  breakOff(lastFrame: Buffer): void {
    this.#lastFrame ??= lastFrame;
  }

  /**
   * Reserves memory for the bytes that wait, and for the message that is handled, until the last of these bytes is
   * handled. Call this method if the next call of {@link FrameParser.next} has to wait after bytes were added. If there
   * is no memory, the parser drops the bytes, and ends.
   */
  hold(): void {
    const bytes = Math.max(0, this.#bytes.length + this.#handedBytes - freeBytes);
    if (tryResize(this.#bytesReservation, bytes)) return;
    this.#drop();
    this.breakOff(lossyEndFrames.full);
  }

  /**
   * The next frame, or the next part of one; undefined if more bytes are needed. The message before this one must be
   * handled. After a frame of the kind `end` there is no other frame.
   */
  next(): ClientFrame | undefined {
    if (this.#isOver) return undefined;
    if (this.#handedBytes > 0) this.#released();
    const frame = this.#parse();
    if (frame !== undefined) return frame;
    if (this.#later.length > 0) {
      this.#takeLater();
      return this.next();
    }
    if (this.#lastFrame !== undefined) return this.#finish(this.#lastFrame);
    this.#keepRest();
    return undefined;
  }

  get #unparsedBytes(): number {
    return this.#bytes.length - this.#at + this.#later.length;
  }

  #parse(): ClientFrame | undefined {
    if (this.#frame !== undefined) return this.#readPayload(this.#frame);
    const header = readFrameHeader(this.#bytes, this.#at);
    if (header === undefined) return undefined;
    const fault = typeof header === "string" ? header : this.#faultOf(header);
    if (fault !== undefined) return this.#fail(closeCodes.protocolError, fault);
    if (typeof header === "string") return undefined;
    return isControl(header.opcode) ? this.#readControl(header) : this.#beginData(header);
  }

  #faultOf({ opcode, maskAt }: FrameHeader): string | undefined {
    const { isMasked } = this.#options;
    if (isMasked && maskAt === undefined) return "the frames of a client must be masked";
    if (isControl(opcode)) return undefined;
    const isContinuation = opcode === opcodes.continuation;
    if (isContinuation && this.#kind === undefined)
      return "a continuation frame must follow a first fragment";
    if (!isContinuation && this.#kind !== undefined)
      return "a message must not begin before the last fragment of the message before it";
    return undefined;
  }

  #readControl({ opcode, payloadBytes, maskAt, payloadAt }: FrameHeader): ClientFrame | undefined {
    const end = payloadAt + payloadBytes;
    if (this.#bytes.length < end) return undefined;
    const payload = this.#bytes.subarray(payloadAt, end);
    if (maskAt !== undefined) unmask(payload, this.#bytes.subarray(maskAt, payloadAt), 0);
    this.#at = end;
    if (opcode === opcodes.close) return this.#end(answerToClose(payload));
    return opcode === opcodes.ping ? { kind: "ping", payload } : part;
  }

  #beginData(header: FrameHeader): ClientFrame | undefined {
    const { kinds, messageBytes } = this.#options;
    const { opcode, payloadBytes, maskAt, payloadAt, isFinal } = header;
    const kind = this.#kind ?? (opcode === opcodes.text ? "text" : "binary");
    if (!kinds.includes(kind)) return this.#fail(closeCodes.unsupported, otherKindReason(kinds, kind));
    if (this.#message.length + payloadBytes > messageBytes)
      return this.#fail(closeCodes.tooBig, tooBigReason(messageBytes));
    const mask = maskAt === undefined ? undefined : Buffer.from(this.#bytes.subarray(maskAt, payloadAt));
    this.#at = payloadAt;
    // Most messages are in one frame, and the frame has arrived with one read of the socket. They are not copied.
    if (isFinal && this.#kind === undefined && this.#bytes.length - payloadAt >= payloadBytes)
      return this.#handOver(kind, this.#takeUnmasked({ missing: payloadBytes, mask, maskAt: 0, isFinal }));
    this.#kind = kind;
    this.#frame = { isFinal, missing: payloadBytes, mask, maskAt: 0 };
    return this.#readPayload(this.#frame);
  }

  /** Moves the bytes of the payload that have arrived to the message. */
  #readPayload(frame: OpenFrame): ClientFrame | undefined {
    const piece = this.#takeUnmasked(frame);
    try {
      this.#message.append(piece);
    } catch (error) {
      return this.#end(lastFrameFor(error));
    }
    if (frame.missing > 0) return piece.length > 0 ? part : undefined;
    this.#frame = undefined;
    const kind = this.#kind;
    if (!frame.isFinal || kind === undefined) return part;
    this.#kind = undefined;
    return this.#handOver(kind, this.#message.join());
  }

  #takeUnmasked(frame: OpenFrame): Buffer {
    const piece = this.#bytes.subarray(this.#at, this.#at + frame.missing);
    this.#at += piece.length;
    frame.missing -= piece.length;
    if (frame.mask !== undefined) unmask(piece, frame.mask, frame.maskAt);
    frame.maskAt = (frame.maskAt + piece.length) % 4;
    return piece;
  }

  #handOver(kind: MessageKind, payload: Buffer): ClientFrame {
    if (kind === "text" && !isUtf8(payload))
      return this.#fail(closeCodes.badText, "the text of a message must be UTF-8");
    this.#handedBytes = payload.length;
    return { kind, payload };
  }

  #released(): void {
    this.#handedBytes = 0;
    this.#message.release();
  }

  #takeLater(): void {
    const rest = this.#rest;
    this.#bytes = rest.length === 0 ? this.#later.join() : Buffer.concat([rest, this.#later.join()]);
    this.#at = 0;
    this.#later.release();
    this.hold();
  }

  /** The bytes that are not parsed yet, without those of {@link #later}. */
  get #rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /**
   * Keeps the beginning of a frame, at most {@link mostHeadBytes}, without the memory of the read around it, which may be
   * 64 KiB.
   */
  #keepRest(): void {
    this.#bytesReservation.resize(0);
    this.#bytes = this.#at === this.#bytes.length ? nothing : Buffer.from(this.#rest);
    this.#at = 0;
  }

  #finish(lastFrame: Buffer): ClientFrame {
    if (lastFrame.length > 0) return this.#end(lastFrame);
    return this.hasMore
      ? this.#fail(closeCodes.protocolError, "the connection ended in the middle of a message")
      : this.#end(endFrames.requested);
  }

  #fail(code: number, reason: string): ClientFrame {
    return this.#end(frameClose(code, reason));
  }

  #end(lastFrame: Buffer): ClientFrame {
    this.#drop();
    this.#isOver = true;
    return { kind: "end", lastFrame };
  }

  #drop(): void {
    this.#bytes = nothing;
    this.#at = 0;
    this.#frame = undefined;
    this.#kind = undefined;
    this.#later.release();
    this.#message.release();
    this.#bytesReservation.resize(0);
  }
}

function unmask(bytes: Buffer, mask: Buffer, from: number): void {
  const keys = [0, 1, 2, 3].map((index) => mask[(from + index) & 3] ?? 0);
  const [a = 0, b = 0, c = 0, d = 0] = keys;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ a;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ d;
  }
  for (let at = whole; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (keys[at & 3] ?? 0);
}

function tooBigReason(messageBytes: number): string {
  return `a message must have at most ${messageBytes} bytes`;
}

/** The close frame for bytes that a buffer does not accept. */
function lastFrameFor(error: unknown): Buffer {
  if (!(error instanceof PharosError)) throw error;
  return error.code === "too-many-bodies" ? lossyEndFrames.full : lossyEndFrames.misused;
}
