import { createConnection, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  encodeFrame,
  errorNames,
  flags,
  headersFrame,
  literalBlock,
  preface,
  rstStream,
  settingIds,
  settingsAck,
  settingsFrame,
  types,
  windowUpdate,
} from "../http2/frames.js";
import type { ClientShared, LoadMember } from "./load-client.js";
import { monotonicUs } from "./payload.js";
import { StreamChecker } from "./stream-checker.js";

/** The windows of Chromium: 6 MiB for a stream, 15 MiB for a connection. Half of a window is given back at once. */
const streamWindow = 6 * 2 ** 20;
const connectionWindow = 15 * 2 ** 20;
const defaultWindow = 65_535;

/** The first byte of the field `:status: 200` [RFC 7541 A], and of a change of the table to no bytes before it. */
const status200 = 0x88;
const noTable = 0x20;

const memory = Buffer.allocUnsafe(256 * 1024);

/** One client: an event stream on a connection that it shares with others. It reads as fast as possible. */
export class Http2LoadClient implements LoadMember {
  readonly checker: StreamChecker;
  readonly #connections: Http2Connections;
  readonly #shared: ClientShared;
  #connection: Http2Connection | undefined;
  #isOpen = false;
  #refused = false;
  /** Bytes that the client has not given back. */
  #read = 0;

  constructor(connections: Http2Connections, shared: ClientShared, lastEventId: string | undefined) {
    this.#connections = connections;
    this.#shared = shared;
    this.checker = new StreamChecker(shared.expected, shared.found);
    this.checker.lastEventId = lastEventId;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get wasRefused(): boolean {
    return this.#refused;
  }

  connect(localAddress: string | undefined): void {
    this.checker.restart();
    this.#refused = false;
    this.#read = 0;
    this.#connection = this.#connections.take(localAddress);
    this.#connection.open(this, this.checker.lastEventId);
  }

  leave(): void {
    this.#isOpen = false;
    this.#connection?.remove(this);
    this.#connection = undefined;
  }

  readOn(): void {
    throw new Error("clients of HTTP/2 always read");
  }

  takeHead(block: Buffer): void {
    if (block[block[0] === noTable ? 1 : 0] === status200) {
      this.#isOpen = true;
      this.#shared.events.opened(this);
      return;
    }
    this.#refused = true;
    this.#shared.events.refused(this, `a head that begins with ${block.toString("hex", 0, 20)}`);
    this.#connection?.remove(this);
    this.ended(undefined);
  }

  /** Returns the bytes to give back on the stream now. */
  takeData(piece: Buffer): number {
    this.checker.consume(piece, monotonicUs());
    this.#shared.events.progressed(this);
    this.#read += piece.length;
    if (this.#read < streamWindow / 2) return 0;
    const bytes = this.#read;
    this.#read = 0;
    return bytes;
  }

  ended(error: Error | undefined): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#connection = undefined;
    this.#shared.events.ended(this, wasOpen, error);
  }
}

/** The connections of a group, with a number of streams each. */
export class Http2Connections {
  readonly #shared: ClientShared;
  readonly #streams: number;
  #last: Http2Connection | undefined;

  constructor(shared: ClientShared, streams: number) {
    this.#shared = shared;
    this.#streams = streams;
  }

  /** The connection for the next client. */
  take(localAddress: string | undefined): Http2Connection {
    if (this.#last === undefined || this.#last.isOver || this.#last.opened >= this.#streams)
      this.#last = new Http2Connection(this.#shared, localAddress);
    return this.#last;
  }
}

/** Parses without copies of the data: a piece of DATA goes to its checker as it comes. */
class Http2Connection {
  readonly #shared: ClientShared;
  readonly #socket: Socket;
  readonly #clients = new Map<number, Http2LoadClient>();
  readonly #ids = new Map<Http2LoadClient, number>();
  readonly #head = Buffer.alloc(9);
  #headBytes = 0;
  /** The bytes of the payload that have not come. */
  #left = 0;
  #payload: Buffer[] = [];
  #read = 0;
  #error: Error | undefined;
  opened = 0;
  isOver = false;

  constructor(shared: ClientShared, localAddress: string | undefined) {
    this.#shared = shared;
    const { host, port, tls } = shared;
    const options = {
      host,
      port,
      rejectUnauthorized: false,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: {
        buffer: memory,
        callback: (bytes: number): boolean => {
          this.#take(memory.subarray(0, bytes));
          return true;
        },
      },
    };
    this.#socket = tls ? connectTls({ ...options, ALPNProtocols: ["h2"] }) : createConnection(options);
    this.#socket.on("error", (error) => (this.#error = error));
    this.#socket.once("close", () => this.#close());
    this.#socket.write(
      Buffer.concat([
        preface,
        settingsFrame([
          [settingIds.enablePush, 0],
          [settingIds.initialWindowSize, streamWindow],
        ]),
        windowUpdate(0, connectionWindow - defaultWindow),
      ]),
    );
  }

  open(client: Http2LoadClient, lastEventId: string | undefined): void {
    const { host, port, path, headers } = this.#shared;
    const id = 2 * this.opened + 1;
    this.opened += 1;
    this.#clients.set(id, client);
    this.#ids.set(client, id);
    const fields = [
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", `${host}:${port}`],
      [":path", path],
      ["accept", "text/event-stream"],
      ["cache-control", "no-cache"],
      ...(lastEventId === undefined || lastEventId === "" ? [] : [["last-event-id", lastEventId] as const]),
      ...Object.entries(headers),
    ] as const;
    this.#socket.write(headersFrame(id, literalBlock(fields)));
  }

  /** Resets the client's stream, and closes a connection without streams. */
  remove(client: Http2LoadClient): void {
    const id = this.#ids.get(client);
    if (id === undefined) return;
    this.#forget(id);
    if (this.#clients.size === 0) this.#socket.destroy();
    else this.#socket.write(rstStream(id));
  }

  #take(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#headBytes < 9) {
        const copied = piece.copy(this.#head, this.#headBytes, at);
        this.#headBytes += copied;
        at += copied;
        if (this.#headBytes < 9) return;
        this.#left = this.#head.readUIntBE(0, 3);
      }
      const part = piece.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      this.#takePart(part);
    }
  }

  #takePart(part: Buffer): void {
    const [type, bits, id] = [this.#head[3]!, this.#head[4]!, this.#head.readUInt32BE(5)];
    if (type === types.data) this.#takeData(id, part);
    else this.#payload.push(Buffer.from(part));
    if (this.#left > 0) return;
    this.#headBytes = 0;
    const payload = Buffer.concat(this.#payload);
    this.#payload = [];
    this.#takeFrame(type, bits, payload, id);
  }

  // oxlint-disable-next-line max-params -- called for each frame: an options object would cost one allocation each
  #takeFrame(type: number, bits: number, payload: Buffer, id: number): void {
    const client = this.#clients.get(id);
    if (type === types.headers && client?.isOpen === false) client.takeHead(payload);
    else if (type === types.settings && (bits & flags.ack) === 0) this.#socket.write(settingsAck);
    else if (type === types.ping && (bits & flags.ack) === 0)
      this.#socket.write(encodeFrame({ type: types.ping, flags: flags.ack, payload }));
    else if (type === types.rstStream)
      this.#end(id, new Error(errorNames[payload.readUInt32BE()] ?? "RST_STREAM"));
    else if (type === types.goaway) {
      const code = payload.readUInt32BE(4);
      this.isOver = true;
      if (code !== 0) this.#error ??= new Error(`GOAWAY: ${errorNames[code] ?? code}`);
    }
    const isEnd = (type === types.data || type === types.headers) && (bits & flags.endStream) !== 0;
    if (isEnd) this.#end(id, undefined);
  }

  #takeData(id: number, part: Buffer): void {
    const given = this.#clients.get(id)?.takeData(part) ?? 0;
    if (given > 0) this.#socket.write(windowUpdate(id, given));
    this.#read += part.length;
    if (this.#read < connectionWindow / 2) return;
    this.#socket.write(windowUpdate(0, this.#read));
    this.#read = 0;
  }

  #end(id: number, error: Error | undefined): void {
    const client = this.#clients.get(id);
    this.#forget(id);
    client?.ended(error);
  }

  #forget(id: number): void {
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    if (client !== undefined) this.#ids.delete(client);
  }

  #close(): void {
    this.isOver = true;
    for (const id of this.#clients.keys()) this.#end(id, this.#error);
  }
}
