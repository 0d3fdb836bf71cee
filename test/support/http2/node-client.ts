import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from "node:http2";
import { atTestEnd, type OnEnd } from "../on-end.js";
import { before, Changes } from "../wait-for.js";

/** The time-out of all waits. A wait is usually far shorter. */
const within = 30_000;

export interface NodeHttp2Options {
  readonly port: number;
  /** @default true */
  readonly tls?: boolean;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A complete response. */
export interface NodeResponse {
  readonly status: number;
  /** Without `:status`. A field that came several times is joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface NodeRequest {
  /** @default "GET" */
  readonly method?: string;
  /** @default none */
  readonly headers?: OutgoingHttpHeaders;
  /** @default none */
  readonly body?: string | Buffer;
}

/** A stream of events on a connection of {@link NodeHttp2}. */
export class NodeEvents {
  readonly #stream: ClientHttp2Stream;
  readonly #changes = new Changes();
  #text = "";
  #ended = false;
  #status: number | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.setEncoding("utf8");
    stream.on("response", (headers) => {
      this.#status = headers[":status"];
      this.#changes.changed();
    });
    stream.on("data", (text: string) => {
      this.#text += text;
      this.#changes.changed();
    });
    stream.on("error", () => undefined);
    stream.once("close", () => {
      this.#ended = true;
      this.#changes.changed();
    });
  }

  get text(): string {
    return this.#text;
  }

  get status(): number | undefined {
    return this.#status;
  }

  /** The error code with which the stream ended; 0 for an end in order. */
  get code(): number | undefined {
    return this.#stream.rstCode;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** The data of the events so far; each event has one line of data. */
  get events(): readonly string[] {
    return [...this.#text.matchAll(/^data: (.*)\n/gm)].map(([, data = ""]) => data);
  }

  /** Waits for this text. Returns everything so far. */
  async until(text: string): Promise<string> {
    await this.#changes.until(() => this.#text.includes(text) || this.#ended, {
      within,
      missing: () => `${JSON.stringify(text)} has not come, but ${this.#text.slice(-500)}`,
    });
    if (!this.#text.includes(text))
      throw new Error(`the stream ended before ${JSON.stringify(text)}: ${this.#text.slice(-500)}`);
    return this.#text;
  }

  /** Waits for the event with this data. Returns all events so far. */
  async untilEvent(data: string): Promise<readonly string[]> {
    await this.until(`data: ${data}\n\n`);
    return this.events;
  }

  /** Waits for the end of the stream. Returns its text. */
  async toEnd(): Promise<string> {
    await this.#changes.until(() => this.#ended, {
      within,
      missing: () => `the stream has not ended: ${this.#text.slice(-500)}`,
    });
    return this.#text;
  }

  /** Pauses reading: Node gives no window back. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(): void {
    this.#stream.close();
  }
}

/** One connection of Node's client of HTTP/2. */
export class NodeHttp2 {
  readonly session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => undefined);
  }

  /** Sends a request, and resolves with its response. Rejects if the stream ends before. */
  async ask(path: string, request: NodeRequest = {}): Promise<NodeResponse> {
    const stream = this.#begin(path, request);
    const answer = new Promise<NodeResponse>((resolve, reject) => {
      const parts: Buffer[] = [];
      let response: Omit<NodeResponse, "body"> | undefined;
      stream.once("response", (headers) => {
        response = { status: headers[":status"] ?? 0, headers: textsOf(headers) };
      });
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.once("error", reject);
      stream.once("close", () => {
        if (response === undefined) reject(new Error(`${path}: no response, code ${stream.rstCode}`));
        else resolve({ ...response, body: Buffer.concat(parts).toString("utf8") });
      });
    });
    return before(answer, { within, missing: `the answer to ${path}` });
  }

  /** Opens an event stream as a browser does, and waits until the hub has subscribed it. */
  async events(path: string, request: NodeRequest = {}): Promise<NodeEvents> {
    const headers = { "cache-control": "no-cache", ...request.headers };
    const events = new NodeEvents(this.#begin(path, { ...request, headers }));
    await events.until("\n\n");
    return events;
  }

  /** Waits until the connection is closed. */
  async closed(): Promise<void> {
    if (this.session.destroyed) return;
    await before(new Promise((resolve) => this.session.once("close", resolve)), {
      within,
      missing: "the end of the connection",
    });
  }

  destroy(): void {
    this.session.destroy();
  }

  #begin(path: string, { method = "GET", headers = {}, body }: NodeRequest): ClientHttp2Stream {
    const stream = this.session.request(
      { ":method": method, ":path": path, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    return stream;
  }
}

function textsOf(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
  return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]));
}

/** Connects with any certificate of the server. The connection is closed after the test. */
export async function connectNode(options: NodeHttp2Options): Promise<NodeHttp2> {
  const { port, tls = true, host = "127.0.0.1", onEnd = atTestEnd } = options;
  const session = connect(`${tls ? "https" : "http"}://${host}:${port}`, { rejectUnauthorized: false });
  const client = new NodeHttp2(session);
  onEnd(() => client.destroy());
  await before(
    new Promise((resolve, reject) => {
      session.once("connect", resolve);
      session.once("error", reject);
    }),
    { within, missing: `a connection to port ${port}` },
  );
  return client;
}
