import { DataOutput } from "../../../../src/fronts/http2/session/data-output.js";
import { SessionOutput } from "../../../../src/fronts/http2/session/session-output.js";
import type { OutputSocket } from "../../../../src/fronts/http2/session/session-output.js";
import { initialWindowBytes } from "../../../../src/fronts/http2/wire/protocol.js";

export interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Takes complete frames apart. */
export function framesOf(bytes: Buffer): readonly SentFrame[] {
  const frames: SentFrame[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    if (payload.length < length) throw new Error("the last frame is incomplete");
    const [type, flags] = [bytes.readUInt8(at + 3), bytes.readUInt8(at + 4)];
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload });
    at += 9 + length;
  }
  return frames;
}

/** A socket whose writes the test completes. The output may use the bytes of a write again after that. */
export class HeldSocket implements OutputSocket {
  destroyed = false;
  isEnded = false;
  readonly writes: Buffer[] = [];
  #accepted: (() => void) | undefined;

  /** True while a write is not completed. */
  get isWriting(): boolean {
    return this.#accepted !== undefined;
  }

  write(bytes: Buffer, accepted: () => void): void {
    if (this.isEnded) throw new Error("a write after the end");
    if (this.#accepted !== undefined) throw new Error("a write before the last one is accepted");
    this.writes.push(bytes);
    this.#accepted = accepted;
  }

  end(): void {
    this.isEnded = true;
  }

  /** Completes the write. */
  accept(): void {
    const accepted = this.#accepted;
    this.#accepted = undefined;
    accepted?.();
  }
}

interface ClientWindow {
  readonly bytes: number;
  /** The bytes that were read and not given back. */
  read: number;
}

export interface ReadingClientOptions {
  /** The window of each stream. */
  readonly streamBytes: number;
  /** The window of the connection. */
  readonly connectionBytes: number;
  /** True if the client gives back so many bytes that it has read. */
  readonly givesBack: (read: number, windowBytes: number) => boolean;
}

/** nghttp2 gives bytes back from half of a window on: curl, Node, many others. */
export const atHalf: ReadingClientOptions["givesBack"] = (read, windowBytes) =>
  read >= Math.floor(windowBytes / 2);

/** Chromium gives bytes back beyond half of a window. */
export const beyondHalf: ReadingClientOptions["givesBack"] = (read, windowBytes) =>
  read > Math.floor(windowBytes / 2);

/** A hub's output with a client that reads some of its streams, and gives back what it has read in batches. */
export class ReadingClient {
  readonly socket = new HeldSocket();
  readonly output: SessionOutput;
  readonly streams: readonly DataOutput[];
  /** The bytes that the client has got on each stream. */
  readonly got = new Map<number, number>();
  readonly #options: ReadingClientOptions;
  readonly #connection: ClientWindow;
  readonly #windows = new Map<number, ClientWindow>();
  readonly #unread: ReadonlySet<number>;
  #isDue = false;

  /** @param unread the number of streams, from the first on, that the client never reads */
  constructor(streams: number, unread: number, options: ReadingClientOptions) {
    const { streamBytes, connectionBytes } = options;
    this.#options = options;
    this.output = new SessionOutput(this.socket, () => (this.#isDue = true));
    this.streams = Array.from({ length: streams }, (_, at) => new DataOutput(2 * at + 1, streamBytes));
    this.#unread = new Set(this.streams.slice(0, unread).map(({ id }) => id));
    this.#connection = { bytes: connectionBytes, read: 0 };
    for (const { id } of this.streams) this.#windows.set(id, { bytes: streamBytes, read: 0 });
    if (connectionBytes > initialWindowBytes) this.output.window.add(connectionBytes - initialWindowBytes);
  }

  /** Writes to a stream. */
  write(stream: DataOutput, bytes: number): void {
    stream.add(Buffer.alloc(bytes));
    this.output.proceed(stream);
  }

  /** The hub writes, and the client reads, until nothing goes on. */
  settle(): void {
    for (;;) {
      if (this.#isDue) {
        this.#isDue = false;
        this.output.flush();
      }
      for (const bytes of this.socket.writes.splice(0))
        for (const frame of framesOf(bytes)) this.#read(frame);
      if (this.socket.isWriting) this.socket.accept();
      else if (!this.#isDue) return;
    }
  }

  #read({ stream: id, payload }: SentFrame): void {
    this.got.set(id, (this.got.get(id) ?? 0) + payload.length);
    if (this.#unread.has(id)) return;
    const stream = this.streams.find((each) => each.id === id);
    const window = this.#windows.get(id);
    if (stream === undefined || window === undefined) throw new Error(`nobody opened the stream ${id}`);
    const ofStream = this.#back(window, payload.length);
    const ofConnection = this.#back(this.#connection, payload.length);
    if (ofConnection > 0) {
      this.output.window.add(ofConnection);
      this.output.resume();
    }
    if (ofStream > 0) {
      stream.window.add(ofStream);
      this.output.proceed(stream);
    }
  }

  /** The bytes that the client gives back now. */
  #back(window: ClientWindow, bytes: number): number {
    window.read += bytes;
    if (!this.#options.givesBack(window.read, window.bytes)) return 0;
    const back = window.read;
    window.read = 0;
    return back;
  }
}
