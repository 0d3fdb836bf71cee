import { request as requestPlain, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import type { Duplex } from "node:stream";
import { atTestEnd } from "../on-end.js";
import { Changes } from "../wait-for.js";
import { clientFrame, handshakeHeaders } from "../web-socket.js";
import type { Proxy } from "./start-proxy.js";

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The client's own address. @default "127.0.0.2", which is not the proxy's */
  readonly from?: string;
}

/**
 * A request to a proxy. The text of the response grows as it
 * arrives. The request ends with the test.
 */
export class ProxiedStream {
  readonly #changes = new Changes();
  readonly #request: ClientRequest;
  readonly #name: string;
  #text = "";
  #response: IncomingMessage | undefined;
  #ended: string | undefined;
  #socket: Duplex | undefined;

  constructor(proxy: Proxy, ask: Ask) {
    this.#name = `${proxy.name}, ${proxy.isSecure ? "deploy/" : "plain"}, ${ask.path.slice(0, 100)}`;
    this.#request = send(proxy, ask);
    atTestEnd(() => this.close());
    this.#request.on("response", (response) => {
      this.#response = response;
      response.on("data", (bytes: Buffer) => this.#read(bytes));
      response.on("end", () => this.#end("the response has ended"));
      response.on("error", (error) => this.#end(error.message));
    });
    this.#request.on("upgrade", (response, socket, head) => {
      this.#response = response;
      this.#socket = socket;
      socket.on("data", pongsOf(socket));
      socket.on("data", (bytes: Buffer) => this.#read(bytes));
      socket.unshift(head);
      socket.on("close", () => this.#end("the socket is closed"));
      socket.on("error", (error) => this.#end(error.message));
    });
    this.#request.on("error", (error) => this.#end(error.message));
  }

  get text(): string {
    return this.#text;
  }

  get status(): number | undefined {
    return this.#response?.statusCode;
  }

  get headers(): IncomingMessage["headers"] {
    return this.#response?.headers ?? {};
  }

  /** Why the stream has ended; undefined while it is open. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Waits until the response contains the text. Rejects if the response ends before. */
  async until(text: string, { within }: { readonly within: number }): Promise<void> {
    await this.#changes.until(() => this.#text.includes(text) || this.#ended !== undefined, {
      within,
      missing: () => `${this.#name}: ${text} is missing in ${String(this.status)} ${this.#text.slice(-300)}`,
    });
    if (!this.#text.includes(text))
      throw new Error(`${this.#name}: ${this.#ended ?? ""}, without ${text}: ${this.#text.slice(-300)}`);
  }

  /** Waits for the end of the response. */
  async untilEnd({ within }: { readonly within: number }): Promise<void> {
    await this.#changes.until(() => this.#ended !== undefined, {
      within,
      missing: () => `${this.#name}: the response does not end: ${this.#text.slice(-300)}`,
    });
  }

  close(): void {
    this.#request.destroy();
    this.#socket?.destroy();
  }

  #read(bytes: Buffer): void {
    this.#text += bytes.toString("latin1");
    this.#changes.changed();
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#changes.changed();
  }
}

function send(proxy: Proxy, { method = "GET", path, headers = {}, body = "", from }: Ask): ClientRequest {
  const isWebSocket = path.startsWith("/ws");
  const options = {
    host: "127.0.0.1",
    localAddress: from ?? "127.0.0.2",
    agent: false,
    port: proxy.port,
    method,
    path,
    headers: {
      Host: `localhost:${proxy.port}`,
      ...(isWebSocket ? { ...handshakeHeaders, Origin: `https://localhost:${proxy.port}` } : {}),
      ...headers,
    },
  };
  const request = proxy.isSecure
    ? requestSecure({ ...options, servername: "localhost", ca: proxy.certificate.certificate })
    : requestPlain(options);
  request.end(body);
  return request;
}

/** Answers each ping of a WebSocket, as browsers do. Accepts the pieces of the server's frames. */
function pongsOf(socket: Duplex): (piece: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (;;) {
      const short = (rest[1] ?? 0) & 127;
      const start = short === 126 ? 4 : 2;
      if (rest.length < start) return;
      const end = start + (short === 126 ? rest.readUInt16BE(2) : short);
      if (rest.length < end) return;
      if (((rest[0] ?? 0) & 15) === 9)
        socket.write(clientFrame({ opcode: 10, payload: rest.subarray(start, end) }));
      rest = rest.subarray(end);
    }
  };
}
