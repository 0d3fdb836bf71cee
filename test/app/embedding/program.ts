import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createHub, type EmbeddedHub } from "../../../src/app/embedding/hub.js";
import type { EmbeddedHubOptions } from "../../../src/app/embedding/hub-options.js";

/** A server of another program with a hub in it. */
export interface Program {
  readonly hub: EmbeddedHub;
  readonly server: Server;
  readonly url: string;
}

/** Creates a hub, and closes it at the end of the test. */
export async function hubForTest(options: EmbeddedHubOptions = {}): Promise<EmbeddedHub> {
  const hub = await createHub(options);
  onTestFinished(() => hub.close());
  return hub;
}

/** Listens on a free port until the end of the test. Resolves with the URL. */
export async function listenForTest(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a server whose listener has the hub. */
export async function startProgram(
  options: EmbeddedHubOptions,
  listener: (hub: EmbeddedHub) => RequestListener,
): Promise<Program> {
  const hub = await hubForTest(options);
  const server = createServer(listener(hub));
  return { hub, server, url: await listenForTest(server) };
}

/** A listener that passes everything below `/live` to the hub, and answers the rest with `host`. */
export function besideHost(hub: EmbeddedHub): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith("/live") === true) hub.handler(request, response);
    else response.end("host");
  };
}

/** The text of a stream, which {@link StreamText.until} waits for. */
export class StreamText {
  #text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();

  constructor(response: Response) {
    if (response.body === null) throw new Error("the response has no body");
    this.#reader = response.body.getReader();
    onTestFinished(async () => {
      await this.#reader.cancel().catch(() => undefined);
    });
  }

  get text(): string {
    return this.#text;
  }

  /** Reads until the text contains `wanted`. Throws if the stream ends before. */
  async until(wanted: string): Promise<string> {
    while (!this.#text.includes(wanted)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`the stream ended before ${wanted}: ${this.#text}`);
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    return this.#text;
  }

  /** Reads to the end of the stream. */
  async toEnd(): Promise<string> {
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read())
      this.#text += this.#decoder.decode(read.value, { stream: true });
    return this.#text;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}
