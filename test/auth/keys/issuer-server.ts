import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

/** An issuer's key server on this machine. The server counts the requests. */
export class IssuerServer {
  asked = 0;
  /** Empty before the start. */
  url = "";
  answer: RequestListener = (_, response) => void response.end("{}");
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      this.asked += 1;
      this.answer(request, response);
    });
    this.#server = server;
    onTestFinished(() => this.stop());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    return this.url;
  }

  text(text: string, status = 200): void {
    this.answer = (_, response) => void response.writeHead(status).end(text);
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}
