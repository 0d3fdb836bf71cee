import type { Clock } from "../../../base/clock.js";
import { HpackDecoder } from "../hpack/hpack-decoder.js";
import { emptyTableUpdate, encodeFields } from "../hpack/hpack-encoder.js";
import type { Frame } from "../wire/http2-frame-parser.js";
import { encodePing, encodeReset, encodeWindowUpdate, settingsAck } from "../wire/frames.js";
import {
  ConnectionFault,
  errorCode,
  flag,
  frameType,
  initialWindowBytes,
  StreamFault,
} from "../wire/protocol.js";
import type { Http2ErrorCode } from "../wire/protocol.js";
import { parseSettings } from "../wire/parse-settings.js";
import { checkTrailers } from "../wire/request-fields.js";
import type { HeaderField } from "../wire/request-fields.js";
import { FrameRates, mostAnswerBytes, responseHeadBytes } from "./frame-rates.js";
import { FieldBlock } from "./field-block.js";
import type { DecodedFields } from "./field-block.js";
import { Http2Stream } from "./http2-stream.js";
import type { StreamOwner } from "./http2-stream.js";
import type { SessionOutput } from "./session-output.js";
import { DataOutput } from "./data-output.js";

/** A request that a client has begun. Its fields are not checked yet. */
export interface BegunRequest extends DecodedFields {
  readonly stream: Http2Stream;
}

export interface ClientFramesOptions {
  readonly output: SessionOutput;
  readonly clock: Clock;
  /** The most streams at a time. Further ones are refused, and the client may try again [RFC 9113 8.7]. */
  readonly mostStreams: number;
  /** The most bytes of a request's head. */
  readonly headBytes: number;
  /** Gets each request. A StreamFault that it throws resets the stream. */
  readonly request: (request: BegunRequest) => void;
  /** Called when the client sends no further request. */
  readonly clientGoesAway: () => void;
  /** Called when no stream is open any more. */
  readonly idle: () => void;
}

/** The client gets bytes of its connection's window back in batches of half the window. */
const giveBackBytes = Math.floor(initialWindowBytes / 2);

/** Handles the frames of one client, and holds its streams. */
export class ClientFrames implements StreamOwner {
  readonly output: SessionOutput;
  /** True once the hub has told the client that it serves no streams after {@link lastStream}. */
  isGoingAway = false;
  readonly #options: ClientFramesOptions;
  readonly #decoder = new HpackDecoder();
  readonly #rates: FrameRates;
  readonly #streams = new Map<number, Http2Stream>();
  /** The streams that the hub has reset, as long as frames of them may be on their way: the newest. */
  readonly #reset = new Set<number>();
  #block: FieldBlock | undefined;
  #blocks = 0;
  #lastStream = 0;
  #hasSettings = false;
  #hasSentBlock = false;
  /** The window that the client gives to each new stream. */
  #streamWindow: number = initialWindowBytes;
  #receiveWindow: number = initialWindowBytes;
  #notGivenBack = 0;

  constructor(options: ClientFramesOptions) {
    this.#options = options;
    this.output = options.output;
    this.#rates = new FrameRates(options.clock);
  }

  /** The open streams. */
  get streams(): ReadonlyMap<number, Http2Stream> {
    return this.#streams;
  }

  /** The newest stream that the hub has served or refused. */
  get lastStream(): number {
    return this.#lastStream;
  }

  /** The header blocks so far. */
  get blocks(): number {
    return this.#blocks;
  }

  /** True while a request's head has come only in part, or before the client's settings. */
  get isInHead(): boolean {
    return this.#block !== undefined || !this.#hasSettings;
  }

  /** Ends all streams without a word to the client. */
  closeStreams(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.close();
  }

  /** The hub uses no table of its own. It says so before the first block, since the client may ask for that. */
  blockOf(fields: readonly HeaderField[]): Buffer {
    const block = encodeFields(fields);
    if (this.#hasSentBlock) return block;
    this.#hasSentBlock = true;
    return Buffer.concat([emptyTableUpdate, block]);
  }

  giveBack(bytes: number, stream: number | undefined): void {
    if (stream !== undefined) return this.output.frame(encodeWindowUpdate(stream, bytes));
    this.#notGivenBack += bytes;
    if (this.#notGivenBack < giveBackBytes) return;
    this.output.frame(encodeWindowUpdate(0, this.#notGivenBack));
    this.#receiveWindow += this.#notGivenBack;
    this.#notGivenBack = 0;
  }

  reset(stream: Http2Stream, code: Http2ErrorCode): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#sendReset(stream.id, code);
    this.finished(stream);
  }

  finished(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    stream.close();
    this.output.remove(stream.output);
    if (this.#streams.size === 0) this.#options.idle();
  }

  /**
   * Handles the next frame.
   *
   * @throws ConnectionFault or HpackError if the session has to end
   */
  handle(frame: Frame): void {
    const { type, stream } = frame;
    if (!this.#hasSettings && type !== frameType.settings) throw fault("the first frame is not SETTINGS");
    if (this.#block !== undefined && (type !== frameType.continuation || stream !== this.#block.stream))
      throw fault("a frame in the middle of a header block");
    switch (type) {
      case frameType.data:
        return this.#onData(frame);
      case frameType.headers:
        return this.#onHeaders(frame);
      case frameType.priority:
        return this.#onPriority(frame);
      case frameType.rstStream:
        return this.#onReset(frame);
      case frameType.settings:
        return this.#onSettings(frame);
      case frameType.pushPromise:
        throw fault("a client must not push");
      case frameType.ping:
        return this.#onPing(frame);
      case frameType.goAway:
        return this.#onGoAway(frame);
      case frameType.windowUpdate:
        return this.#onWindowUpdate(frame);
      case frameType.continuation:
        return this.#onContinuation(frame);
      default:
        // Types that nobody knows are ignored [RFC 9113 5.5].
        this.#rates.countIdle();
    }
  }

  #onData(frame: Frame): void {
    if (frame.stream === 0) throw fault("DATA without a stream");
    const { length } = frame.payload;
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0)
      throw fault("more data than the connection's window allows", errorCode.flowControlError);
    const bytes = withoutPadding(frame);
    if (bytes.length === 0 && !has(frame, flag.endStream)) this.#rates.countIdle();
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) {
      this.giveBack(length, undefined);
      return this.#checkClosed(frame);
    }
    this.#onStream(stream, () => {
      stream.receive(bytes, length);
      if (has(frame, flag.endStream)) stream.receiveEnd();
    });
  }

  #onHeaders(frame: Frame): void {
    const { stream } = frame;
    if (stream % 2 === 0) throw fault("a client's streams have odd numbers");
    const padded = withoutPadding(frame);
    const skipped = has(frame, flag.priority) ? 5 : 0;
    if (padded.length < skipped) throw fault("HEADERS without its priority", errorCode.frameSizeError);
    this.#block = new FieldBlock(stream, has(frame, flag.endStream), this.#options.headBytes);
    this.#addToBlock(this.#block, padded.subarray(skipped), frame);
  }

  #onContinuation(frame: Frame): void {
    if (this.#block === undefined) throw fault("CONTINUATION without HEADERS");
    if (frame.payload.length === 0) this.#rates.countIdle();
    this.#addToBlock(this.#block, frame.payload, frame);
  }

  #addToBlock(block: FieldBlock, bytes: Buffer, frame: Frame): void {
    block.add(bytes);
    if (!has(frame, flag.endHeaders)) return;
    this.#block = undefined;
    this.#blocks += 1;
    const decoded = block.decode(this.#decoder);
    const stream = this.#streams.get(block.stream);
    if (stream !== undefined) return this.#onTrailers(stream, block, decoded.fields);
    if (block.stream <= this.#lastStream) return this.#checkLateHeaders(block.stream);
    this.#begin(block, decoded);
  }

  /** Fields after the body tell nothing that the hub uses. */
  #onTrailers(stream: Http2Stream, { isEnd }: FieldBlock, fields: readonly HeaderField[]): void {
    this.#onStream(stream, () => {
      if (stream.hasRequest)
        throw new StreamFault(errorCode.streamClosed, "HEADERS after the end of the request");
      checkTrailers(fields);
      if (!isEnd) throw new StreamFault(errorCode.protocolError, "trailers that do not end the request");
      stream.receiveEnd();
    });
  }

  /** Fields of a stream that the hub has reset may still arrive. */
  #checkLateHeaders(stream: number): void {
    this.#rates.countIdle();
    if (!this.#reset.has(stream)) throw fault("HEADERS of a stream that is closed", errorCode.streamClosed);
  }

  #begin(block: FieldBlock, decoded: DecodedFields): void {
    // The client sends a request again that came after the hub has gone away [RFC 9113 6.8].
    if (this.isGoingAway) return this.#rates.countIdle();
    this.#checkAnswers();
    this.#lastStream = block.stream;
    if (this.#streams.size >= this.#options.mostStreams) {
      this.#rates.countReset();
      return this.#sendReset(block.stream, errorCode.refusedStream);
    }
    const output = new DataOutput(block.stream, this.#streamWindow);
    const stream = new Http2Stream(this, output);
    this.#streams.set(stream.id, stream);
    this.#onStream(stream, () => {
      if (block.isEnd) stream.receiveEnd();
      this.#options.request({ stream, ...decoded });
    });
  }

  #onPriority({ stream, payload }: Frame): void {
    if (stream === 0) throw fault("PRIORITY without a stream");
    this.#rates.countIdle();
    if (payload.length === 5) return;
    // A stream that is not open yet cannot be reset [RFC 9113 5.1].
    if (this.#isIdle(stream)) throw fault("PRIORITY of a wrong length", errorCode.frameSizeError);
    this.#resetById(stream, errorCode.frameSizeError);
  }

  #onReset({ stream: id, payload }: Frame): void {
    if (payload.length !== 4) throw fault("RST_STREAM of a wrong length", errorCode.frameSizeError);
    this.#checkNotIdle(id, "RST_STREAM");
    this.#rates.countReset();
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.finished(stream);
  }

  #onSettings(frame: Frame): void {
    const { payload, stream } = frame;
    if (stream !== 0) throw fault("SETTINGS of a stream");
    this.#rates.countIdle();
    if (has(frame, flag.ack)) {
      if (payload.length > 0) throw fault("an answer to SETTINGS with content", errorCode.frameSizeError);
      if (!this.#hasSettings) throw fault("the first frame is not SETTINGS");
      return;
    }
    const { streamWindowBytes = this.#streamWindow } = parseSettings(payload);
    this.#hasSettings = true;
    this.#resizeStreams(streamWindowBytes);
    this.#answer(settingsAck);
  }

  #resizeStreams(bytes: number): void {
    const difference = bytes - this.#streamWindow;
    this.#streamWindow = bytes;
    if (difference === 0) return;
    for (const { output } of this.#streams.values()) {
      if (!output.window.resize(difference)) throw fault("a window is too large", errorCode.flowControlError);
      this.output.proceed(output);
    }
  }

  #onPing(frame: Frame): void {
    if (frame.stream !== 0) throw fault("PING of a stream");
    if (frame.payload.length !== 8) throw fault("PING of a wrong length", errorCode.frameSizeError);
    this.#rates.countIdle();
    if (!has(frame, flag.ack)) this.#answer(encodePing(frame.payload, true));
  }

  #onGoAway({ stream, payload }: Frame): void {
    if (stream !== 0) throw fault("GOAWAY of a stream");
    if (payload.length < 8) throw fault("GOAWAY of a wrong length", errorCode.frameSizeError);
    // The client sends no further request, so the session ends after its open streams.
    this.#options.clientGoesAway();
  }

  #onWindowUpdate({ stream: id, payload }: Frame): void {
    if (payload.length !== 4) throw fault("WINDOW_UPDATE of a wrong length", errorCode.frameSizeError);
    const bytes = payload.readUInt32BE(0) & 0x7fff_ffff;
    if (id === 0) return this.#growConnection(bytes);
    this.#checkNotIdle(id, "WINDOW_UPDATE");
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (bytes === 0) return this.#resetById(id, errorCode.protocolError);
    if (!stream.output.window.add(bytes)) return this.reset(stream, errorCode.flowControlError);
    this.output.proceed(stream.output);
  }

  #growConnection(bytes: number): void {
    if (bytes === 0) throw fault("WINDOW_UPDATE of 0 bytes");
    if (!this.output.window.add(bytes)) throw fault("the window is too large", errorCode.flowControlError);
    this.output.resume();
  }

  /** Answers a frame that needs an answer. */
  #answer(bytes: Buffer): void {
    this.#checkAnswers();
    this.output.frame(bytes);
  }

  /** A client that reads no answers must not fill the memory with them, nor with heads of responses. */
  #checkAnswers(): void {
    if (this.output.frameBytes > mostAnswerBytes + responseHeadBytes * this.#options.mostStreams)
      throw new ConnectionFault(errorCode.enhanceYourCalm, "answers that the client does not read");
  }

  #onStream(stream: Http2Stream, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      this.#rates.countReset();
      this.reset(stream, error.code);
    }
  }

  /** Data of a stream that the hub has reset may still arrive. */
  #checkClosed({ stream }: Frame): void {
    this.#checkNotIdle(stream, "DATA");
    if (stream <= this.#lastStream && !this.#reset.has(stream))
      this.#resetById(stream, errorCode.streamClosed);
  }

  #checkNotIdle(stream: number, frame: string): void {
    // The hub ignores streams that began after it has gone away.
    if (this.isGoingAway && stream > this.#lastStream) return;
    if (this.#isIdle(stream)) throw fault(`${frame} of a stream that is not open`);
  }

  /** True for streams that the client has not begun, and for those of the hub, which begins none. */
  #isIdle(stream: number): boolean {
    return stream % 2 === 0 || stream > this.#lastStream;
  }

  #resetById(id: number, code: Http2ErrorCode): void {
    this.#rates.countReset();
    const stream = this.#streams.get(id);
    if (stream === undefined) this.#sendReset(id, code);
    else this.reset(stream, code);
  }

  #sendReset(id: number, code: Http2ErrorCode): void {
    this.output.frame(encodeReset(id, code));
    this.#reset.add(id);
    const [oldest] = this.#reset;
    if (this.#reset.size > this.#options.mostStreams && oldest !== undefined) this.#reset.delete(oldest);
  }
}

function has({ flags }: Frame, bit: number): boolean {
  return (flags & bit) !== 0;
}

/** The payload without its padding [RFC 9113 6.1]. */
function withoutPadding(frame: Frame): Buffer {
  const { payload } = frame;
  if (!has(frame, flag.padded)) return payload;
  const [padding] = payload;
  if (padding === undefined) throw fault("a padded frame without content", errorCode.frameSizeError);
  if (padding >= payload.length) throw fault("a padding that is too long");
  return payload.subarray(1, payload.length - padding);
}

function fault(message: string, code: Http2ErrorCode = errorCode.protocolError): ConnectionFault {
  return new ConnectionFault(code, message);
}
