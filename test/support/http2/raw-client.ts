import { HpackDecoder } from "../../../src/fronts/http2/hpack/hpack-decoder.js";
import { connectRaw, type RawConnection, type RawTarget } from "../raw-http.js";
import { Changes } from "../wait-for.js";
import {
  dataFrame,
  encodeFrame,
  errorNames,
  flags,
  FrameReader,
  headersFrame,
  literalBlock,
  preface,
  settingsAck,
  settingsFrame,
  types,
  windowUpdate,
  type ErrorName,
  type Frame,
} from "./frames.js";
import { RawStream } from "./raw-stream.js";

/** The time-out of all waits. A wait is usually far shorter. */
const within = 30_000;

export interface RawHttp2Options extends RawTarget {
  /** The pairs of the client's first SETTINGS. @default none */
  readonly settings?: Iterable<readonly [id: number, value: number]>;
  /** False: the client gives no window back until {@link RawHttp2.read}. @default true */
  readonly reads?: boolean;
  /** False: the client sends neither the preface nor SETTINGS. @default true */
  readonly greets?: boolean;
  /** False: the client does not acknowledge SETTINGS and PING. @default true */
  readonly acknowledges?: boolean;
}

export interface RawRequest {
  /** @default "GET" */
  readonly method?: string;
  /** Added to the four pseudo-header fields. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent with END_STREAM, in frames of at most 16 KiB. The caller watches the windows. @default no body */
  readonly body?: Buffer | string;
  /** False: the request has no END_STREAM. @default true */
  readonly endStream?: boolean;
}

/** The reason of a GOAWAY. */
export interface Farewell {
  readonly lastStream: number;
  readonly error: ErrorName;
  readonly text: string;
}

/** A client of HTTP/2 that can send any frame, and that gives windows back only if the test wants it. */
export class RawHttp2 {
  readonly connection: RawConnection;
  /** All received frames except DATA, whose bytes are in the streams. */
  readonly frames: Frame[] = [];
  readonly streams = new Map<number, RawStream>();
  /** The server's settings by their identifiers. */
  readonly settings = new Map<number, number>();
  /** All GOAWAY frames. */
  readonly farewells: Farewell[] = [];
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder();
  readonly #changes = new Changes();
  readonly #unread = new Set<number>();
  readonly #options: RawHttp2Options;
  #block: Buffer[] = [];
  #reads: boolean;
  #nextStream = 1;

  constructor(connection: RawConnection, options: RawHttp2Options) {
    this.connection = connection;
    this.#options = options;
    this.#reads = options.reads ?? true;
    connection.handOver((piece) => this.#take(piece));
    connection.onOver(() => this.#changes.changed());
  }

  /** True if the server has closed the connection. */
  get closed(): boolean {
    return this.connection.closed;
  }

  /** The last GOAWAY. */
  get farewell(): Farewell | undefined {
    return this.farewells.at(-1);
  }

  /** The identifier of the next request. */
  get nextStream(): number {
    return this.#nextStream;
  }

  /** Writes frames in one piece. */
  send(...frames: readonly Buffer[]): void {
    this.connection.write(Buffer.concat(frames));
  }

  /** Sends a request. */
  request(path: string, request: RawRequest = {}): RawStream {
    const { body, endStream = true } = request;
    const stream = this.expect(this.#nextStream);
    const block = literalBlock(requestFields(path, request));
    this.send(...headersFrames(stream.id, block, { endStream: endStream && body === undefined }));
    if (body !== undefined) this.send(...bodyFrames(stream.id, Buffer.from(body), endStream));
    return stream;
  }

  /** Opens an event stream as a browser does, and waits for its first event: the position. */
  async openStream(path: string, request: RawRequest = {}): Promise<RawStream> {
    const headers = { "cache-control": "no-cache", ...request.headers };
    const stream = this.request(path, { ...request, headers });
    await this.until(() => stream.hasReceived("\n\n"), `the beginning of the stream ${path}`);
    if (stream.status !== 200)
      throw new Error(`the answer to ${path} has the status ${stream.status ?? "none"}`);
    return stream;
  }

  /** Sends a request, and waits for the end of its response. */
  async exchange(path: string, request: RawRequest = {}): Promise<RawStream> {
    const stream = this.request(path, request);
    await this.until(() => stream.isOver, `the end of the answer to ${path}`);
    return stream;
  }

  /** Registers a stream whose HEADERS the test sends itself. Later requests have higher identifiers. */
  expect(id: number): RawStream {
    this.#nextStream = Math.max(this.#nextStream, id + 2);
    const stream = new RawStream(id);
    this.streams.set(id, stream);
    return stream;
  }

  /** From now on, the client gives no window back for the bytes of this stream. */
  hold(stream: RawStream): void {
    this.#unread.add(stream.id);
  }

  /** Gives back what the client holds, of one stream or of all, and from now on each byte that arrives. */
  read(stream?: RawStream): void {
    if (stream === undefined) {
      this.#reads = true;
      this.#unread.clear();
      for (const each of this.streams.values()) this.#giveBack(each);
    } else {
      this.#unread.delete(stream.id);
      this.#giveBack(stream);
    }
  }

  /** Waits until the predicate is true. Rejects if the server closes the connection first. */
  async until(predicate: () => boolean, missing: string): Promise<void> {
    await this.#changes.until(() => predicate() || this.closed, {
      within,
      missing: () => `${missing} has not come, but ${this.#received()}`,
    });
    if (!predicate()) throw new Error(`the connection ended before ${missing} came: ${this.#received()}`);
  }

  /** Waits for this event on the stream. Returns all events so far. */
  async untilEvent(stream: RawStream, data: string): Promise<readonly string[]> {
    await this.until(
      () => stream.hasReceived(`data: ${data}\n\n`),
      `the event ${data} of stream ${stream.id}`,
    );
    return stream.events;
  }

  /** Waits until the server has closed the connection. */
  async untilClosed(): Promise<void> {
    await this.#changes.until(() => this.closed, {
      within,
      missing: () => `the server has not closed the connection; ${this.#received()}`,
    });
  }

  /** Waits until the server has handled every frame so far: it answers PING after the frames before it. */
  async settled(): Promise<void> {
    const before = this.#acksOfPing;
    this.send(encodeFrame({ type: types.ping, payload: Buffer.from("settled?") }));
    await this.until(() => this.#acksOfPing > before, "the answer to PING");
  }

  close(options: { readonly reset?: boolean } = {}): void {
    this.connection.close(options);
  }

  get #acksOfPing(): number {
    return this.frames.filter(
      ({ type, flags: bits, payload }) =>
        type === types.ping && (bits & flags.ack) !== 0 && payload.toString() === "settled?",
    ).length;
  }

  #take(piece: Buffer): void {
    for (const frame of this.#reader.take(piece)) this.#takeFrame(frame);
    this.#changes.changed();
  }

  #takeFrame(frame: Frame): void {
    if (frame.type !== types.data) this.frames.push(frame);
    const stream = this.streams.get(frame.stream);
    switch (frame.type) {
      case types.data:
        return this.#takeData(frame, stream);
      case types.headers:
      case types.continuation:
        return this.#takeBlock(frame, stream);
      case types.rstStream:
        if (stream !== undefined) stream.reset = errorNames[frame.payload.readUInt32BE()];
        return;
      case types.settings:
        return this.#takeSettings(frame);
      case types.ping:
        if ((frame.flags & flags.ack) === 0 && this.#acknowledges)
          this.send(encodeFrame({ type: types.ping, flags: flags.ack, payload: frame.payload }));
        return;
      case types.goaway:
        this.farewells.push({
          lastStream: frame.payload.readUInt32BE(),
          error: errorNames[frame.payload.readUInt32BE(4)] ?? "NO_ERROR",
          text: frame.payload.toString("latin1", 8),
        });
        return;
      default:
    }
  }

  get #acknowledges(): boolean {
    return this.#options.acknowledges ?? true;
  }

  #takeSettings({ flags: bits, payload }: Frame): void {
    if ((bits & flags.ack) !== 0) return;
    for (let at = 0; at + 6 <= payload.length; at += 6)
      this.settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    if (this.#acknowledges) this.send(settingsAck);
  }

  #takeData({ flags: bits, payload, stream: id }: Frame, stream: RawStream | undefined): void {
    if (stream === undefined) throw new Error(`the server sent DATA of the unknown stream ${id}`);
    const data = (bits & flags.padded) === 0 ? payload : payload.subarray(1, payload.length - payload[0]!);
    stream.add(data, payload.length);
    if ((bits & flags.endStream) !== 0) stream.ended = true;
    stream.held += payload.length;
    if (this.#reads && !this.#unread.has(stream.id)) this.#giveBack(stream);
  }

  #giveBack(stream: RawStream): void {
    if (stream.held === 0) return;
    const frames = [windowUpdate(0, stream.held)];
    if (!stream.isOver) frames.push(windowUpdate(stream.id, stream.held));
    stream.held = 0;
    this.send(...frames);
  }

  #takeBlock(frame: Frame, stream: RawStream | undefined): void {
    const { type, flags: bits, payload } = frame;
    this.#block.push(type === types.headers ? withoutPadding(frame) : payload);
    if (type === types.headers && (bits & flags.endStream) !== 0 && stream !== undefined) stream.ended = true;
    if ((bits & flags.endHeaders) === 0) return;
    const fields = new Map<string, string>();
    this.#decoder.decode(Buffer.concat(this.#block), (name, value) => void fields.set(name, value));
    this.#block = [];
    if (stream === undefined || stream.head !== undefined) return;
    const status = fields.get(":status") ?? "";
    if (status.startsWith("1")) stream.interim.push(status);
    else stream.head = fields;
  }

  #received(): string {
    const streams = [...this.streams.values()].slice(-5).map((stream) => {
      const state = stream.reset ?? (stream.ended ? "ended" : "open");
      return `stream ${stream.id} (${stream.status ?? "no head"}, ${stream.received} bytes, ${state}): ${stream.text.slice(-100)}`;
    });
    const farewell = this.farewell === undefined ? "no GOAWAY" : `GOAWAY ${JSON.stringify(this.farewell)}`;
    return [farewell, this.closed ? "closed" : "open", ...streams].join("; ");
  }
}

/** The fields of a request in their usual order. */
export function requestFields(
  path: string,
  { method = "GET", headers = {} }: RawRequest = {},
): readonly (readonly [name: string, value: string])[] {
  return [
    [":method", method],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", path],
    ...Object.entries(headers),
  ];
}

/** Opens a connection, by default over TLS with ALPN, and waits for the server's SETTINGS. */
export async function connectHttp2(options: RawHttp2Options): Promise<RawHttp2> {
  const connection = await connectRaw({ tls: true, alpn: ["h2"], ...options });
  const client = new RawHttp2(connection, options);
  if (options.greets === false) return client;
  client.send(preface, settingsFrame(options.settings));
  await client.until(() => client.frames.some(({ type }) => type === types.settings), "SETTINGS");
  return client;
}

const pieceBytes = 16_384;

/** HEADERS, and CONTINUATION if the block is long. */
export function headersFrames(
  stream: number,
  block: Buffer,
  options: { readonly endStream: boolean },
): readonly Buffer[] {
  const pieces = piecesOf(block);
  return pieces.map((piece, index) => {
    const endHeaders = index === pieces.length - 1;
    if (index === 0) return headersFrame(stream, piece, { ...options, endHeaders });
    return encodeFrame({
      type: types.continuation,
      stream,
      flags: endHeaders ? flags.endHeaders : 0,
      payload: piece,
    });
  });
}

function bodyFrames(stream: number, body: Buffer, endStream: boolean): readonly Buffer[] {
  const pieces = piecesOf(body);
  return pieces.map((piece, index) =>
    dataFrame(stream, piece, { endStream: endStream && index === pieces.length - 1 }),
  );
}

function piecesOf(bytes: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / pieceBytes));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}

function withoutPadding({ flags: bits, payload }: Frame): Buffer {
  const isPadded = (bits & flags.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((bits & flags.priority) === 0 ? 0 : 5);
  return payload.subarray(start, payload.length - (isPadded ? payload[0]! : 0));
}
