import { createConnection, type Socket } from "node:net";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { Changes } from "./wait-for.js";

export interface RawTarget {
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** Reads only about so many bytes a second. @default as fast as they come */
  readonly bytesPerSecond?: number;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A connection on which a test writes what it likes, byte by byte, and sees every byte that comes back. */
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

  /** The port of this end. Throws when the connection is over. */
  get localPort(): number {
    const port = this.#socket.localPort;
    if (port === undefined) throw new Error("the connection is over");
    return port;
  }

  /** Everything received so far. */
  get bytes(): Buffer {
    const all = Buffer.concat(this.#pieces);
    this.#pieces.splice(0, this.#pieces.length, all);
    return all;
  }

  /** Everything received so far, each byte as one character. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** How many bytes have been received. */
  get length(): number {
    return this.#length;
  }

  /** True when the connection is over, whoever ended it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Why it broke, if it did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Gives what has come, and then each piece as it comes, to `take`; nothing is kept here. */
  handOver(take: (piece: Buffer) => void): void {
    this.#take = take;
    for (const piece of this.#pieces.splice(0)) take(piece);
  }

  /** Calls `over` once, when the connection is over. */
  onOver(over: () => void): void {
    if (this.#closed) over();
    else this.#socket.once("close", over);
  }

  /** Sends bytes as they are; a string byte for byte (Latin-1). */
  write(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Stops reading; the other side's socket fills up. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Says that nothing more will be sent, and goes on reading. */
  endWriting(): void {
    this.#socket.end();
  }

  /** Closes at once, with RST if asked. Safe to call twice. */
  close(options: { readonly reset?: boolean } = {}): void {
    if (options.reset === true) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /**
   * Until what has come satisfies `test`, or contains it as text; returns all of it. Rejects at the deadline, with the
   * end of what came instead; a connection that ends early is told at once.
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

  /** Until the other side ends the connection; returns everything that came. */
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

/** Connects; rejects when nobody listens. The connection ends with the test. */
export async function connectRaw(target: RawTarget): Promise<RawConnection> {
  const { port, host = "127.0.0.1", bytesPerSecond } = target;
  const socket = createConnection({ port, host, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  // Half open, so that `endWriting` does not stop the reading; the other side's end ends both.
  socket.once("end", () => socket.destroy());
  const connection = new RawConnection(socket, bytesPerSecond);
  (target.onEnd ?? atTestEnd)(() => connection.close());
  return connection;
}

/** Connects, writes and reads to the end of the connection: for requests that are answered and closed. */
export async function exchangeRaw(
  target: RawTarget,
  request: { readonly bytes: string | Buffer; readonly within: number },
): Promise<string> {
  const connection = await connectRaw(target);
  connection.write(request.bytes);
  return connection.readToEnd(request);
}
