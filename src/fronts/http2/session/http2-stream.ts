import { Lifetime } from "../../../base/lifetime.js";
import { encodeEnd, encodeHeaders } from "../wire/frames.js";
import { joinIfMany } from "../../../base/bytes/join-if-many.js";
import { errorCode, initialWindowBytes, StreamFault } from "../wire/protocol.js";
import type { Http2ErrorCode } from "../wire/protocol.js";
import type { HeaderField } from "../wire/request-fields.js";
import type { SessionOutput } from "./session-output.js";
import type { DataOutput } from "./data-output.js";

/** What a stream needs of its session. */
export interface StreamOwner {
  readonly output: SessionOutput;
  /** Encodes fields for the client. The blocks must be sent in the order of the calls. */
  blockOf(fields: readonly HeaderField[]): Buffer;
  /** Gives bytes back to the client, which may then send as many again: on the connection, and on the stream if given. */
  giveBack(bytes: number, stream: number | undefined): void;
  /** Ends the stream at once, and tells the client. */
  reset(stream: Http2Stream, code: Http2ErrorCode): void;
  /** Both sides have ended. */
  finished(stream: Http2Stream): void;
}

/** Gets the body of a request. */
export interface BodyReader {
  /** Called for each part, in order. Copy bytes that you keep. */
  data(bytes: Buffer): void;
  /** Called after the last part. */
  end(): void;
}

/** The client gets bytes of a body back in batches of half of its window. */
const giveBackBytes = Math.floor(initialWindowBytes / 2);

/** One request and its response. */
export class Http2Stream {
  readonly id: number;
  readonly output: DataOutput;
  /** Ends when both sides have ended, when one of them resets the stream, or with the connection. */
  readonly lifetime = new Lifetime();
  readonly #owner: StreamOwner;
  /** The parts of the body that nobody has read: at most the window of the connection for all streams together. */
  #unread: Buffer[] = [];
  #reader: BodyReader | undefined;
  /** The bytes that the client may send before it gets some back. */
  #receiveWindow = initialWindowBytes;
  #notGivenBack = 0;
  #announced: number | undefined;
  #received = 0;
  #hasAll = false;
  #hasHead = false;
  #isAnswered = false;
  #headBytes = 0;
  /** Set by the front if the fan-out watches whether this stream makes progress. */
  isWatched = false;

  constructor(owner: StreamOwner, output: DataOutput) {
    this.#owner = owner;
    this.id = output.id;
    this.output = output;
  }

  /** True when the head of the response was sent. */
  get hasHead(): boolean {
    return this.#hasHead;
  }

  /** True when the client has sent its whole request. */
  get hasRequest(): boolean {
    return this.#hasAll;
  }

  /** True when the last byte of the response was written. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** The bytes of the response so far, with its head. */
  get sentBytes(): number {
    return this.#headBytes + this.output.sentBytes;
  }

  /** Sends the head of an interim response, such as 100. */
  sendInterim(status: number): void {
    if (this.lifetime.isOver) return;
    this.#owner.output.frame(
      encodeHeaders(this.id, this.#owner.blockOf([[":status", String(status)]]), false),
    );
  }

  /** Sends the head of the response. Call this once, before the first {@link send}. Names are in lower case. */
  sendHead(status: number, fields: readonly HeaderField[], { isEnd = false } = {}): void {
    if (this.lifetime.isOver || this.#hasHead) return;
    this.#hasHead = true;
    const frames = encodeHeaders(
      this.id,
      this.#owner.blockOf([[":status", String(status)], ...fields]),
      isEnd,
    );
    this.#headBytes += frames.length;
    this.#owner.output.frame(frames);
    if (isEnd) this.#answered();
  }

  /** Sends bytes as the windows allow. `output.drained` is called when the system has accepted them. */
  send(bytes: Buffer): void {
    this.output.add(bytes);
    this.#owner.output.proceed(this.output);
  }

  /** Ends the response after everything that was sent. */
  end(): void {
    if (this.lifetime.isOver || this.#isAnswered) return;
    if (this.output.waitingBytes === 0) {
      this.#owner.output.frame(encodeEnd(this.id));
      return this.#answered();
    }
    const { drained } = this.output;
    this.output.end();
    this.output.drained = () => {
      drained();
      this.#answered();
    };
  }

  /** Ends the stream at once. What was sent may be lost. */
  cancel(): void {
    this.#owner.reset(this, errorCode.cancel);
  }

  /** Reads the body: first what has come, then the rest as it comes. Call this once. */
  readBody(reader: BodyReader): void {
    this.#reader = reader;
    const unread = this.#unread;
    this.#unread = [];
    for (const bytes of unread) {
      reader.data(bytes);
      this.#giveBack(bytes.length);
    }
    if (this.#hasAll) reader.end();
  }

  /**
   * Sets the length of the body that the client has announced.
   *
   * @param contentLength the value of `content-length`
   * @throws StreamFault if it is no number, or if the request has ended with another length
   */
  announce(contentLength: string): void {
    if (!/^\d{1,15}$/.test(contentLength)) throw wrongLength();
    this.#announced = Number(contentLength);
    if (this.#hasAll && this.#received !== this.#announced) throw wrongLength();
  }

  /**
   * Takes a part of the body.
   *
   * @param frameBytes the bytes that count for the windows: the part with its padding
   * @throws StreamFault if the client sends more than its window, or than it has announced
   */
  receive(bytes: Buffer, frameBytes: number): void {
    this.#receiveWindow -= frameBytes;
    this.#received += bytes.length;
    const fault = this.#dataFault();
    if (fault !== undefined) {
      // The stream ends, but the connection needs its window.
      this.#owner.giveBack(frameBytes, undefined);
      throw fault;
    }
    this.#giveBack(frameBytes - bytes.length);
    if (bytes.length === 0) return;
    if (this.#reader === undefined) {
      this.#unread = joinIfMany(this.#unread);
      this.#unread.push(Buffer.from(bytes));
      return;
    }
    this.#reader.data(bytes);
    this.#giveBack(bytes.length);
  }

  /**
   * The client has ended its side.
   *
   * @throws StreamFault if it has sent fewer bytes than announced
   */
  receiveEnd(): void {
    if (this.#announced !== undefined && this.#received !== this.#announced) throw wrongLength();
    this.#hasAll = true;
    this.#reader?.end();
    if (this.#isAnswered) this.#owner.finished(this);
  }

  /** Frees everything that the stream holds. Only the session calls this method. */
  close(): void {
    this.output.close();
    const unread = this.#unread.reduce((sum, { length }) => sum + length, 0);
    this.#unread = [];
    if (unread > 0) this.#owner.giveBack(unread, undefined);
    this.lifetime.end();
  }

  #dataFault(): StreamFault | undefined {
    if (this.#hasAll) return new StreamFault(errorCode.streamClosed, "data after the end of the request");
    if (this.#receiveWindow < 0)
      return new StreamFault(errorCode.flowControlError, "more data than the window allows");
    return this.#announced !== undefined && this.#received > this.#announced ? wrongLength() : undefined;
  }

  #giveBack(bytes: number): void {
    if (bytes === 0) return;
    this.#owner.giveBack(bytes, undefined);
    this.#notGivenBack += bytes;
    if (this.#notGivenBack < giveBackBytes || this.#hasAll || this.lifetime.isOver) return;
    this.#receiveWindow += this.#notGivenBack;
    this.#owner.giveBack(this.#notGivenBack, this.id);
    this.#notGivenBack = 0;
  }

  /** A client that has got the whole response need not send the rest of its request [RFC 9113 8.1]. */
  #answered(): void {
    this.#isAnswered = true;
    if (this.#hasAll) this.#owner.finished(this);
    else this.#owner.reset(this, errorCode.noError);
  }
}

function wrongLength(): StreamFault {
  return new StreamFault(errorCode.protocolError, "the body does not have the announced length");
}
