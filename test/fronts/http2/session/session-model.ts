import { DataOutput } from "../../../../src/fronts/http2/session/data-output.js";
import { SessionOutput } from "../../../../src/fronts/http2/session/session-output.js";
import { encodePing } from "../../../../src/fronts/http2/wire/frames.js";
import {
  flag,
  frameType,
  initialWindowBytes,
  mostFrameBytes,
} from "../../../../src/fronts/http2/wire/protocol.js";
import type { Random } from "../../../support/random.js";
import { framesOf, HeldSocket } from "./reading-client.js";
import type { SentFrame } from "./reading-client.js";

/** The most bytes of data in one write. */
const writeBytes = 64 * 1024;

export interface ModelStream {
  readonly output: DataOutput;
  /** The window as the client counts it. */
  window: number;
  /** The bytes that the client has got and not given back on the stream. */
  unread: number;
  /** All bytes that were written, and the number of those that the client has got. */
  written: number;
  got: number;
  isEnded: boolean;
  hasEnd: boolean;
  drains: number;
}

/** The bytes at an offset of a stream: each stream has other bytes at an offset. */
function bytesAt(stream: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at += 1) {
    const whole = offset + at;
    bytes[at] = (stream * 31 + whole * 7 + (whole >>> 8)) & 0xff;
  }
  return bytes;
}

function check(isTrue: boolean, promise: string): void {
  if (!isTrue) throw new Error(`not kept: ${promise}`);
}

/** A session with random writes, and a client that counts its windows itself. */
export class SessionModel {
  readonly socket = new HeldSocket();
  readonly output = new SessionOutput(this.socket, () => undefined);
  readonly streams: ModelStream[] = [];
  readonly #random: Random;
  #initial: number = initialWindowBytes;
  #window: number = initialWindowBytes;
  #unread = 0;

  constructor(random: Random) {
    this.#random = random;
    for (let count = 0; count < 1 + random.below(8); count += 1) this.#open();
  }

  #open(): void {
    const output = new DataOutput(2 * this.streams.length + 1, this.#initial);
    const stream: ModelStream = {
      output,
      window: this.#initial,
      unread: 0,
      written: 0,
      got: 0,
      isEnded: false,
      hasEnd: false,
      drains: 0,
    };
    output.drained = () => {
      stream.drains += 1;
      check(output.waitingBytes === 0, "drained although bytes wait");
    };
    this.streams.push(stream);
  }

  step(): void {
    const random = this.#random;
    const [first, ...rest] = this.streams;
    if (first === undefined) return;
    const stream = random.pick([first, ...rest]);
    const actions = [
      () => this.#write(stream),
      () => this.#write(stream),
      () => this.output.flush(),
      () => this.output.flush(),
      () => this.#accept(),
      () => this.#accept(),
      () => this.#giveBack(stream, random.below(stream.unread + 1)),
      () => this.#giveBack(stream, stream.unread),
      () => this.#giveBackConnection(random.below(this.#unread + 1)),
      () => this.#giveBackConnection(this.#unread),
      () => this.#grow(stream),
      () => this.#resize(random.pick([0, 1, 1000, 40_000, 65_535, 200_000])),
      () => this.output.frame(encodePing(Buffer.alloc(8), false)),
      () => (random.chance(0.05) ? this.#close(stream) : undefined),
      () => (random.chance(0.05) ? this.#end(stream) : undefined),
      () => (random.chance(0.2) ? this.#open() : undefined),
    ] as const;
    random.pick([actions[0], ...actions.slice(1)])();
    this.#checkWindows();
  }

  /** The system accepts the last write, whose frames the client then reads. */
  #accept(): void {
    if (!this.socket.isWriting) return;
    const bytes = this.socket.writes.shift() ?? Buffer.alloc(0);
    const frames = framesOf(bytes);
    const drains = new Map(this.streams.map((stream) => [stream, stream.drains]));
    this.#checkWrite(frames);
    for (const frame of frames) if (frame.type === frameType.data) this.#read(frame);
    this.socket.accept();
    for (const stream of this.streams) {
      const isDue =
        frames.some(({ type, stream: id }) => type === frameType.data && id === stream.output.id) &&
        stream.got === stream.written &&
        !stream.output.isClosed;
      check(
        stream.drains - (drains.get(stream) ?? 0) === (isDue ? 1 : 0),
        "drained exactly when all is accepted",
      );
    }
  }

  #checkWrite(frames: readonly SentFrame[]): void {
    const data = frames.filter(({ type }) => type === frameType.data);
    const firstData = frames.findIndex(({ type }) => type === frameType.data);
    // Frames without data come first.
    if (firstData >= 0)
      check(
        frames.slice(firstData).every(({ type }) => type === frameType.data),
        "frames without data first",
      );
    const dataBytes = data.reduce((sum, { payload }) => sum + payload.length, 0);
    check(dataBytes <= writeBytes, "no more in a write than its limit");
  }

  #read({ stream: id, flags, payload }: SentFrame): void {
    const stream = this.streams.find(({ output }) => output.id === id);
    if (stream === undefined) throw new Error(`nobody opened the stream ${id}`);
    check(payload.length <= mostFrameBytes, "no frame above its limit");
    check(!stream.hasEnd, "nothing after the end");
    check(payload.equals(bytesAt(id, stream.got, payload.length)), "each byte in order and once");
    stream.got += payload.length;
    stream.unread += payload.length;
    this.#unread += payload.length;
    stream.hasEnd = (flags & flag.endStream) !== 0;
    const isLast = stream.isEnded && stream.got === stream.written;
    check(stream.hasEnd === isLast, "END_STREAM on the last frame and on no other");
  }

  #write(stream: ModelStream): void {
    const bytes = this.#random.pick([1, 100, 9000, 70_000]);
    const { id } = stream.output;
    const wasOpen = !stream.output.isClosed && !stream.isEnded;
    stream.output.add(bytesAt(id, stream.written, bytes));
    if (wasOpen) stream.written += bytes;
    this.output.proceed(stream.output);
  }

  /** As a stream does: an end without waiting bytes needs a frame of its own. */
  #end(stream: ModelStream): void {
    if (stream.isEnded || stream.output.isClosed || stream.output.waitingBytes === 0) return;
    stream.isEnded = true;
    stream.output.end();
  }

  #close(stream: ModelStream): void {
    stream.output.close();
    this.output.remove(stream.output);
  }

  #giveBack(stream: ModelStream, bytes: number): void {
    stream.unread -= bytes;
    this.#add(stream, bytes);
  }

  #grow(stream: ModelStream): void {
    if (stream.window < 10_000_000) this.#add(stream, this.#random.below(50_000));
    if (this.#random.chance(0.1)) this.#addConnection(this.#random.below(50_000));
  }

  #add(stream: ModelStream, bytes: number): void {
    stream.window += bytes;
    check(stream.output.window.add(bytes), "the window is small enough");
    this.output.proceed(stream.output);
  }

  #giveBackConnection(bytes: number): void {
    this.#unread -= bytes;
    this.#addConnection(bytes);
  }

  #addConnection(bytes: number): void {
    this.#window += bytes;
    this.output.window.add(bytes);
    this.output.resume();
  }

  #resize(bytes: number): void {
    const difference = bytes - this.#initial;
    this.#initial = bytes;
    for (const stream of this.streams) {
      stream.window += difference;
      stream.output.window.resize(difference);
      this.output.proceed(stream.output);
    }
  }

  /** The hub counts as the client does, and has sent no more than allowed. */
  #checkWindows(): void {
    let sent = 0;
    for (const { output, window } of this.streams) {
      sent += output.sentBytes;
      check(
        output.window.available === window - output.sentBytes,
        "a stream's window is what the client counts",
      );
    }
    const { available } = this.output.window;
    check(available === this.#window - sent, "the connection's window is what the client counts");
    check(available >= 0, "no more than the connection's window");
  }

  /** The client reads everything. Returns the open streams that have not got all their bytes. */
  finish(): readonly ModelStream[] {
    this.#resize(65_535);
    for (let idle = 0; idle < 2;) {
      const before = this.output.dataBytes;
      for (const stream of this.streams) this.#giveBack(stream, stream.unread);
      this.#giveBackConnection(this.#unread);
      this.output.flush();
      this.#accept();
      this.#checkWindows();
      idle = this.output.dataBytes === before ? idle + 1 : 0;
    }
    return this.streams.filter(
      ({ output, got, written, isEnded, hasEnd }) =>
        !output.isClosed && (got !== written || hasEnd !== isEnded || output.waitingBytes > 0),
    );
  }
}
