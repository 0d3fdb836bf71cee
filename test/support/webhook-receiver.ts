import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { atTestEnd, type OnEnd } from "./on-end.js";
import type { TestCertificate } from "./tls/certificates.js";
import { Changes } from "./wait-for.js";

export type WebhookEvent = Readonly<Record<string, unknown>> & { readonly event: string };

export interface ReceivedMessage {
  readonly id: string;
  /** True if the signature fits the bytes, as Standard Webhooks describes. */
  readonly isSigned: boolean;
  readonly events: readonly WebhookEvent[];
}

/** Answers a request. */
export type Answering = (response: ServerResponse, request: IncomingMessage) => void;

const accept: Answering = (response) => void response.writeHead(204).end();

export interface ReceiverOptions {
  /** Receives over TLS. @default without TLS */
  readonly tls?: Pick<TestCertificate, "cert" | "key">;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** An HTTP server that receives webhooks. */
export class WebhookReceiver {
  readonly secret = `whsec_${randomBytes(32).toString("base64")}`;
  /** All messages, with those that were not accepted. */
  readonly messages: ReceivedMessage[] = [];
  answering: Answering = accept;
  readonly #changes = new Changes();
  readonly #scheme: "http" | "https";
  readonly #server: Server;

  private constructor(tls: ReceiverOptions["tls"]) {
    const receive = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#receive(request, response);
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server = tls === undefined ? createServer(receive) : createSecureServer(tls, receive);
  }

  static async start({ tls, onEnd = atTestEnd }: ReceiverOptions = {}): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(tls);
    const server = receiver.#server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onEnd(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  accept(): void {
    this.answering = accept;
  }

  get events(): readonly WebhookEvent[] {
    return this.messages.flatMap(({ events }) => events);
  }

  /** Resolves when the receiver has as many messages. */
  async hasMessages(count: number): Promise<void> {
    await this.#changes.until(() => this.messages.length >= count, {
      within: 60_000,
      missing: () => `${count} messages; there are ${JSON.stringify(this.messages)}`,
    });
  }

  /** Resolves with the first event with these fields. */
  event(fields: Readonly<Record<string, unknown>>): Promise<WebhookEvent> {
    const fits = (event: WebhookEvent): boolean =>
      Object.entries(fields).every(([name, value]) => event[name] === value);
    return this.#first(fits, JSON.stringify(fields));
  }

  /** Resolves with the begin of the first stream with this filter only. */
  subscribed(filter: string): Promise<WebhookEvent> {
    const fits = ({ event, filters }: WebhookEvent): boolean =>
      event === "subscribe" && Array.isArray(filters) && filters.join() === filter;
    return this.#first(fits, `subscribe with ${filter}`);
  }

  async #first(fits: (event: WebhookEvent) => boolean, wanted: string): Promise<WebhookEvent> {
    await this.#changes.until(() => this.events.some(fits), {
      within: 60_000,
      missing: () => `no event ${wanted} in ${JSON.stringify(this.events)}`,
    });
    return this.events.find(fits) ?? { event: "none" };
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks).toString();
    const id = String(request.headers["webhook-id"]);
    const signed = `${id}.${String(request.headers["webhook-timestamp"])}.${body}`;
    const key = Buffer.from(this.secret.slice("whsec_".length), "base64");
    const wanted = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
    const isSigned = request.headers["webhook-signature"] === wanted;
    this.messages.push({ id, isSigned, events: JSON.parse(body) as WebhookEvent[] });
    this.answering(response, request);
    this.#changes.changed();
  }
}
