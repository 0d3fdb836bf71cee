import { createConnection, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { Changes } from "./wait-for.js";

export interface RawTarget {
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** Limits the rate of reading, in bytes per second. @default no limit */
  readonly bytesPerSecond?: number;
  /** True to make a TLS handshake first, with any certificate of the server. @default false */
  readonly tls?: boolean;
  /** The application protocols that this end offers in its TLS handshake. @default none */
  readonly alpn?: readonly string[];
  /** Sent at once, before a TLS handshake: a PROXY header. @default nothing */
  readonly first?: string | Buffer;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A TCP connection on which a test can write any bytes, and can see every received byte. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #changes = new Changes();
  readonly #pieces: Buffer[] = [];
  #take: ((piece: Buffer) => void) | undefined;
  #length = 0;
  #closed = false;
  #error: Error | undefined;

  constructor(socket: Socket, bytesPerSecond: number | undefined) {
    this.#socket = socket;
    socket.on("data", (piece) => {
      if (this.#take === undefined) this.#pieces.push(piece);
      else this.#take(piece);
      this.#length += piece.length;
      if (bytesPerSecond !== undefined) this.#rest(piece.length / bytesPerSecond);
      this.#changes.changed();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#changes.changed();
    });
  }

  /** The port of this end. Throws if the connection is closed. */
  get localPort(): number {
    const port = this.#socket.localPort;
    if (port === undefined) throw new Error("the connection is over");
    return port;
  }

  /** All bytes received so far. */
  get bytes(): Buffer {
    const all = Buffer.concat(this.#pieces);
    this.#pieces.splice(0, this.#pieces.length, all);
    return all;
  }

  /** All bytes received so far, each as one character. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** The number of bytes received. */
  get length(): number {
    return this.#length;
  }

  /** True if the connection is closed by either side. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The error that broke the connection, if any. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Passes the bytes so far to `take`, and then each new piece. The connection does not store these bytes. */
  handOver(take: (piece: Buffer) => void): void {
    this.#take = take;
    for (const piece of this.#pieces.splice(0)) take(piece);
  }

  /** Calls `over` once, when the connection is closed. */
  onOver(over: () => void): void {
    if (this.#closed) over();
    else this.#socket.once("close", over);
  }

  /** Writes bytes; a string as Latin-1. */
  write(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Stops reading. The other side's socket buffer then fills up. */
  pause(): void {
    this.#socket.pause();
  }

  /** Continues reading. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the writing side, and continues reading. */
  endWriting(): void {
    this.#socket.end();
  }

  /** Closes the connection at once, with RST if requested. Safe to call twice. */
  close(options: { readonly reset?: boolean } = {}): void {
    if (options.reset === true) rawOf(this.#socket).resetAndDestroy();
    else this.#socket.destroy();
  }

  /**
   * Waits until the received text satisfies the predicate `test`, or contains the string `test`. Returns the whole
   * text. Rejects at the deadline, or as soon as the connection ends. The error shows the end of the received text.
   */
  async readUntil(
    test: string | ((text: string) => boolean),
    options: { readonly within: number },
  ): Promise<string> {
    const holds = (): boolean => (typeof test === "string" ? this.text.includes(test) : test(this.text));
    const wanted = typeof test === "string" ? JSON.stringify(test) : "what the test waits for";
    await this.#changes.until(() => this.#closed || holds(), {
      within: options.within,
      missing: () => `${wanted} has not come, but ${this.#received()}`,
    });
    if (!holds()) throw new Error(`the connection ended before ${wanted} came: ${this.#received()}`);
    return this.text;
  }

  /** Waits until the other side ends the connection. Returns the whole text. */
  async readToEnd(options: { readonly within: number }): Promise<string> {
    await this.#changes.until(() => this.#closed, {
      within: options.within,
      missing: () => `the other side has not ended the connection; ${this.#received()}`,
    });
    return this.text;
  }

  #received(): string {
    return `${this.#length} bytes came, the last of them ${JSON.stringify(this.text.slice(-300))}`;
  }

  #rest(seconds: number): void {
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), seconds * 1000).unref();
  }
}

/** Connects. Rejects if no program listens. The connection is closed after the test. */
export async function connectRaw(target: RawTarget): Promise<RawConnection> {
  const { port, host = "127.0.0.1", bytesPerSecond, tls = false, alpn = [], first } = target;
  const raw = createConnection({ port, host, allowHalfOpen: true });
  if (first !== undefined) raw.write(first);
  const socket = tls ? connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: [...alpn] }) : raw;
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? "secureConnect" : "connect", resolve);
    socket.once("error", reject);
  });
  // The socket is half-open, so that reading continues after `endWriting`. When the other side ends, this side closes
  // both directions.
  socket.once("end", () => socket.destroy());
  const connection = new RawConnection(socket, bytesPerSecond);
  (target.onEnd ?? atTestEnd)(() => connection.close());
  return connection;
}

/** Connects, writes, and reads to the end: for requests after which the server closes the connection. */
export async function exchangeRaw(
  target: RawTarget,
  request: { readonly bytes: string | Buffer; readonly within: number },
): Promise<string> {
  const connection = await connectRaw(target);
  connection.write(request.bytes);
  return connection.readToEnd(request);
}

/** The socket below TLS; a socket without TLS itself. TLS sockets cannot be reset. */
function rawOf(socket: Socket): Socket {
  const raw: unknown = Reflect.get(socket, "_parent");
  return raw instanceof Socket ? raw : socket;
}
