import { createConnection, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { monotonicUs } from "./payload.js";
import type { Leaving, Reading } from "./protocol.js";
import { ChunkReader } from "../chunk-reader.js";
import { StreamChecker, type Expected, type Findings } from "./stream-checker.js";

/** One client of a group, whatever its version of HTTP. */
export interface LoadMember {
  readonly checker: StreamChecker;
  /** True between the response head and the end of the stream. */
  readonly isOpen: boolean;
  /** True if the last response was not an event stream. */
  readonly wasRefused: boolean;
  /** Connects from `localAddress` (undefined: the system chooses) and requests the stream. */
  connect(localAddress: string | undefined): void;
  /** Makes the client leave. This client emits no events afterwards. */
  leave(how: Leaving): void;
  /** Continues to read after {@link ClientShared.reading} has changed. */
  readOn(): void;
}

/** Events of a client, for its group. */
export interface ClientEvents {
  /** The response head has arrived. */
  opened(client: LoadMember): void;
  /** The client has checked a piece of the body. */
  progressed(client: LoadMember): void;
  /** The response is not an event stream. */
  refused(client: LoadMember, answer: string): void;
  /** The other side ended the stream or its connection. `wasOpen`: the stream was open. */
  ended(client: LoadMember, wasOpen: boolean, error: Error | undefined): void;
}

/** Data that all clients of a group share. */
export interface ClientShared {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: Expected;
  readonly found: Findings;
  readonly events: ClientEvents;
  reading: Reading;
}

/** Maximum length of a response head. */
const maxHeadBytes = 16 * 1024;

// Node handles each piece before it reads the next piece, so all sockets of the process share one buffer. 10,000
// clients need no buffers of their own. Slow readers get a small buffer, because a full large buffer holds seconds of
// data at their rate.
const fastMemory = Buffer.allocUnsafe(256 * 1024);
const neverMemory = Buffer.allocUnsafe(1024);

/**
 * One client: a raw socket that requests a stream and checks the bytes of the stream. The group sets how fast the
 * client reads.
 */
export class LoadClient implements LoadMember {
  readonly checker: StreamChecker;
  readonly #shared: ClientShared;
  #socket: Socket | undefined;
  #head: Buffer | undefined = Buffer.alloc(0);
  /** Set if the response comes in chunks. */
  #chunks: ChunkReader | undefined;
  #error: Error | undefined;
  #pace: NodeJS.Timeout | undefined;
  #restsUntilMs = 0;
  #refused = false;

  constructor(shared: ClientShared, lastEventId: string | undefined) {
    this.#shared = shared;
    this.checker = new StreamChecker(shared.expected, shared.found);
    this.checker.lastEventId = lastEventId;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.#head === undefined && !this.#refused;
  }

  get wasRefused(): boolean {
    return this.#refused;
  }

  connect(localAddress: string | undefined): void {
    this.checker.restart();
    this.#head = Buffer.alloc(0);
    this.#chunks = undefined;
    this.#error = undefined;
    this.#refused = false;
    const { host, port, tls } = this.#shared;
    const options = {
      host,
      port,
      rejectUnauthorized: false,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: {
        buffer: memoryFor(this.#shared.reading),
        callback: (bytes: number, memory: Uint8Array): boolean =>
          this.#take(socket, Buffer.isBuffer(memory) ? memory : Buffer.from(memory), bytes),
      },
    };
    const socket: Socket = tls ? connectTls(options) : createConnection(options);
    this.#socket = socket;
    socket.once(tls ? "secureConnect" : "connect", () => socket.write(this.#request()));
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.once("close", () => this.#onClose(socket));
  }

  leave(how: Leaving): void {
    const socket = this.#socket;
    this.#socket = undefined;
    clearTimeout(this.#pace);
    if (how === "reset") socket?.resetAndDestroy();
    else socket?.destroy();
  }

  readOn(): void {
    this.#socket?.resume();
  }

  #request(): string {
    const { host, port, path, headers } = this.#shared;
    const id = this.checker.lastEventId;
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}:${port}`,
      "Accept: text/event-stream",
      "Cache-Control: no-cache",
      ...(id === undefined || id === "" ? [] : [`Last-Event-ID: ${id}`]),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    return `${lines.join("\r\n")}\r\n\r\n`;
  }

  /** Returns false to pause reading until `resume`. */
  #take(socket: Socket, memory: Buffer, bytes: number): boolean {
    if (socket !== this.#socket) return true;
    let piece: Buffer | undefined = memory.subarray(0, bytes);
    if (this.#head !== undefined) piece = this.#takeHead(this.#head, piece);
    if (piece !== undefined && piece.length > 0) this.#consume(piece);
    if (piece !== undefined) this.#shared.events.progressed(this);
    // A proxy keeps the connection open for another request.
    if (this.#chunks?.hasEnded === true) socket.destroy();
    return this.#mayReadOn(socket, bytes);
  }

  #consume(piece: Buffer): void {
    if (this.#chunks === undefined) this.checker.consume(piece, monotonicUs());
    else this.#chunks.read(piece);
  }

  /**
   * Returns the start of the body. Returns undefined if the response head is incomplete or is not the head of an event
   * stream.
   */
  #takeHead(before: Buffer, piece: Buffer): Buffer | undefined {
    if (this.#refused) return undefined;
    const all = Buffer.concat([before, piece]);
    const end = all.indexOf("\r\n\r\n");
    const start = all.toString("latin1", 0, Math.min(all.length, 7));
    if (!"HTTP/1.".startsWith(start) || (end < 0 && all.length > maxHeadBytes)) {
      this.checker.addForeign(`instead of a head: ${all.toString("latin1", 0, 300)}`);
      return this.#refuse("no HTTP head");
    }
    this.#head = all;
    if (end < 0) return undefined;
    const head = all.toString("latin1", 0, end);
    const fault = headFault(head);
    if (fault !== undefined) return this.#refuse(`${fault}: ${head.replaceAll("\r\n", " | ")}`);
    this.#head = undefined;
    const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    this.#chunks = isChunked
      ? new ChunkReader((bytes) => this.checker.consume(bytes, monotonicUs()))
      : undefined;
    this.#shared.events.opened(this);
    return all.subarray(end + 4);
  }

  #refuse(answer: string): undefined {
    this.#refused = true;
    this.#shared.events.refused(this, answer);
    this.#socket?.destroy();
    return undefined;
  }

  #mayReadOn(socket: Socket, bytes: number): boolean {
    const reading = this.#shared.reading;
    if (reading.kind === "fast") return true;
    if (reading.kind === "never") return !this.isOpen;
    // Over TLS, one read from the connection gives several pieces.
    const nowMs = performance.now();
    this.#restsUntilMs = Math.max(nowMs, this.#restsUntilMs) + (bytes / reading.bytesPerSecond) * 1000;
    clearTimeout(this.#pace);
    this.#pace = setTimeout(() => socket.resume(), this.#restsUntilMs - nowMs);
    return false;
  }

  #onClose(socket: Socket): void {
    if (socket !== this.#socket) return;
    const wasOpen = this.isOpen;
    this.#socket = undefined;
    clearTimeout(this.#pace);
    this.#shared.events.ended(this, wasOpen, this.#error);
  }
}

function memoryFor(reading: Reading): Buffer {
  if (reading.kind === "fast") return fastMemory;
  if (reading.kind === "never") return neverMemory;
  const tenth = Math.ceil(reading.bytesPerSecond / 10);
  return fastMemory.subarray(0, Math.max(64, Math.min(tenth, fastMemory.length)));
}

function headFault(head: string): string | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status !== "200") return `status ${status ?? "missing"}`;
  if (!/\r\ncontent-type: *text\/event-stream/i.test(head)) return "another content type";
  if (/\r\ncontent-encoding:/i.test(head)) return "an encoding";
  return undefined;
}
