import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { Changes } from "../wait-for.js";

const statusLine = /HTTP\/1\.1 (\d)\d\d/g;
const statusLineBytes = 12;

/** A request that is ready to send, and the number of its publications. */
export interface PreparedRequest {
  readonly bytes: Buffer;
  readonly publications: number;
}

/** A request with many publications, one JSON object in a line for each. */
export function requestOfLines(options: {
  readonly lines: number;
  readonly bytes: number;
  readonly topics: number;
}): PreparedRequest {
  const data = "x".repeat(options.bytes);
  const lines = Array.from({ length: options.lines }, (_, index) =>
    JSON.stringify({ topic: `load/${index % options.topics}`, data }),
  );
  return prepared(`${lines.join("\n")}\n`, { path: "/publish", type: "application/x-ndjson" }, options.lines);
}

/** A request with one publication. */
export function requestOfOne(bytes: number): PreparedRequest {
  return prepared("x".repeat(bytes), { path: "/publish/load/0", type: "text/plain" }, 1);
}

function prepared(
  body: string,
  { path, type }: { readonly path: string; readonly type: string },
  publications: number,
): PreparedRequest {
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`;
  return { bytes: Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n${body}`), publications };
}

interface Sent {
  readonly publications: number;
  readonly sentMs: number;
}

interface ConnectionCalls {
  readonly answered: (sent: Sent, isStored: boolean) => void;
  readonly ended: () => void;
}

/** One connection that sends prepared requests. This costs the publisher almost nothing, so it does not limit the hub. */
class Connection {
  readonly #socket: Socket;
  readonly #answered: (sent: Sent, isStored: boolean) => void;
  readonly #sent: Sent[] = [];
  #rest = "";
  #end: string | undefined;

  constructor(socket: Socket, calls: ConnectionCalls) {
    this.#socket = socket;
    this.#answered = calls.answered;
    socket.setEncoding("latin1").on("data", (text: string) => this.#read(text));
    const ended = (reason: string): void => {
      this.#end ??= reason;
      calls.ended();
    };
    socket.on("error", (error) => ended(error.message)).on("close", () => ended("closed by the hub"));
  }

  /** Why the connection has ended, unless {@link close} has ended it. */
  get end(): string | undefined {
    return this.#end;
  }

  get pending(): number {
    return this.#sent.length;
  }

  send({ bytes, publications }: PreparedRequest): void {
    this.#sent.push({ publications, sentMs: performance.now() });
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.removeAllListeners("close").destroy();
  }

  #read(text: string): void {
    const unread = this.#rest + text;
    for (const [, kind] of unread.matchAll(statusLine)) {
      const sent = this.#sent.shift();
      if (sent !== undefined) this.#answered(sent, kind === "2");
    }
    // A status line may be split between two reads.
    this.#rest = unread.slice(1 - statusLineBytes).replace(statusLine, "");
  }
}

/** Publishes over several HTTP connections, and counts what the hub acknowledges. */
export class HttpPublishers {
  readonly #connections: readonly Connection[];
  readonly #changes = new Changes();
  acknowledged = 0;
  refused = 0;
  tookMs: number[] = [];

  private constructor(sockets: readonly Socket[]) {
    const ended = (): void => this.#changes.changed();
    const answered = ({ publications, sentMs }: Sent, isStored: boolean): void => {
      this.tookMs.push(performance.now() - sentMs);
      if (isStored) this.acknowledged += publications;
      else this.refused += publications;
      this.#changes.changed();
    };
    this.#connections = sockets.map((socket) => new Connection(socket, { answered, ended }));
  }

  static async connect(port: number, connections: number): Promise<HttpPublishers> {
    const sockets = Array.from({ length: connections }, () =>
      connect({ port, host: "127.0.0.1", noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    return new HttpPublishers(sockets);
  }

  /** Keeps this many requests of each connection open, for a time. Resolves when all are answered. */
  async saturate(
    request: PreparedRequest,
    options: { readonly open: number; readonly ms: number },
  ): Promise<void> {
    const endMs = performance.now() + options.ms;
    while (performance.now() < endMs) {
      for (const connection of this.#connections)
        while (connection.pending < options.open) connection.send(request);
      await this.#until(
        (pending) => pending.some((count) => count < options.open),
        "no response to a publisher",
      );
    }
    await this.#allAnswered();
  }

  /** Sends requests at a rate, for a time. Resolves when all are answered. */
  async pace(
    request: PreparedRequest,
    options: { readonly perSecond: number; readonly ms: number },
  ): Promise<void> {
    await atRate(options, (index) => this.#connections[index % this.#connections.length]?.send(request));
    await this.#allAnswered();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #allAnswered(): Promise<void> {
    return this.#until(
      (pending) => pending.every((count) => count === 0),
      "not all requests have a response",
    );
  }

  /** Rejects if a connection has ended, because no response will come then. */
  async #until(isReached: (pending: readonly number[]) => boolean, missing: string): Promise<void> {
    const isOver = (): boolean =>
      this.#connections.some(({ end }) => end !== undefined) ||
      isReached(this.#connections.map(({ pending }) => pending));
    await this.#changes.until(isOver, { within: 60_000, missing });
    for (const { end, pending } of this.#connections)
      if (end !== undefined) throw new Error(`a connection with ${pending} open requests has ended: ${end}`);
  }
}

/** Calls `send` at a rate, for a time: all that is due in a turn of the event loop at once. */
export async function atRate(
  options: { readonly perSecond: number; readonly ms: number },
  send: (index: number) => void,
): Promise<void> {
  const startMs = performance.now();
  const total = (options.perSecond * options.ms) / 1000;
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, ((performance.now() - startMs) / 1000) * options.perSecond);
    for (; sent < due; sent += 1) send(sent);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
