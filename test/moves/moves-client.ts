import type { FrontRequest } from "../../src/fronts/http/gateway-port.js";
import { gatewayRequest } from "../gateway/request.js";
import { clientFrame, handshakeHeaders } from "../support/web-socket.js";
import { withoutChunks } from "../support/chunk-reader.js";
import { FakeSocket } from "./fake-socket.js";
import { createReader } from "../support/storm/stream-readers.js";
import type { Item, ReadBytes, Transport } from "../support/storm/stream-readers.js";
import type { Token } from "./tokens.js";

/** An item, and the newest offset that was published when the client received the item. */
export type Received = Item & { readonly head: number };

export interface Opening {
  readonly transport: Transport;
  readonly filters: readonly string[];
  readonly token: Token;
  /** The cursor of a client that resumes. */
  readonly lastEventId: string | undefined;
  /** The filters that a client which resumes did not have before. */
  readonly added?: readonly string[];
}

/** A client of a stream that records what it receives. */
export class MovesClient {
  readonly name: string;
  readonly opening: Opening;
  readonly socket: FakeSocket;
  readonly items: Received[] = [];
  readonly #tokens = new Map<number, Token>();
  readonly #head: () => number;
  readonly #gone = new AbortController();
  #read: ReadBytes;
  #responseHead = Buffer.alloc(0);
  #isOpen = false;
  #requests = 0;

  /** @param head the offset of the newest publication */
  constructor(name: string, opening: Opening, head: () => number) {
    this.name = name;
    this.opening = opening;
    this.#head = head;
    this.#read = createReader(opening.transport, (item) => this.items.push({ ...item, head: this.#head() }));
    this.socket = new FakeSocket((bytes) => this.#receive(bytes));
    this.socket.once("close", () => this.#gone.abort());
  }

  get request(): FrontRequest {
    const { transport, filters, added = [] } = this.opening;
    const headers = this.#headers();
    const names = [
      ...filters.map((filter) => ["topic", filter]),
      ...added.map((filter) => ["added", filter]),
    ];
    const query = names.map(([name = "", value = ""]) => `${name}=${encodeURIComponent(value)}`).join("&");
    const path = transport === "web-socket" ? "/ws" : "/esupdates";
    return {
      ...gatewayRequest({
        path,
        query: transport === "web-socket" ? query : `show=topics&${query}`,
        headers,
      }),
      headerNames: () => Object.keys(headers),
      disconnectSignal: () => this.#gone.signal,
    };
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** True if the connection has the response head, so that its client may send messages. */
  get isAccepted(): boolean {
    return this.#isOpen && this.isOpen;
  }

  /** The cursor from which the client can resume; undefined if it has none yet. */
  get lastEventId(): string | undefined {
    const item = this.items.findLast((each) => "id" in each && !isRetained(each));
    return item !== undefined && "id" in item ? item.id : this.opening.lastEventId;
  }

  /** The filters and the token of which the client knows that they are in effect. */
  get current(): { readonly filters: readonly string[]; readonly token: Token } {
    const told = this.items.findLast((item) => item.kind === "filters" || item.kind === "open");
    const renewed = this.items.findLast((item) => item.kind === "renewed");
    return {
      filters: told !== undefined && "filters" in told ? told.filters : this.opening.filters,
      token: renewed?.kind === "renewed" ? this.tokenOf(renewed) : this.opening.token,
    };
  }

  change(change: { readonly add: readonly string[]; readonly drop: readonly string[] }): void {
    const { add, drop } = change;
    this.#say({ add, drop });
  }

  renew(token: Token | "made-up"): void {
    const request = this.#say({ token });
    if (token !== "made-up") this.#tokens.set(request, token);
  }

  /** The token of the message that the hub has answered with `renewed`. */
  tokenOf({ request }: { readonly request: number }): Token {
    const token = this.#tokens.get(request);
    if (token === undefined) throw new Error(`${this.name} sent no token with the number ${request}`);
    return token;
  }

  /** The client sends a close frame. */
  close(): void {
    this.socket.say(clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }));
  }

  #say(message: object): number {
    this.#requests += 1;
    const payload = Buffer.from(JSON.stringify({ ...message, request: this.#requests }));
    this.socket.say(clientFrame({ opcode: 1, payload }));
    return this.#requests;
  }

  #headers(): Readonly<Record<string, string>> {
    const { transport, token, lastEventId } = this.opening;
    const handshake = transport === "web-socket" ? Object.entries(handshakeHeaders) : [];
    return Object.fromEntries([
      ...handshake.map(([name, value]) => [name.toLowerCase(), value] as const),
      ...(token === "none" ? [] : [["authorization", `Bearer ${token}`] as const]),
      ...(lastEventId === undefined ? [] : [["last-event-id", lastEventId] as const]),
    ]);
  }

  #receive(bytes: Buffer): void {
    if (this.#isOpen) return this.#read(bytes);
    this.#responseHead = Buffer.concat([this.#responseHead, bytes]);
    const end = this.#responseHead.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#isOpen = true;
    this.#read = withoutChunks(this.#responseHead.toString("latin1", 0, end), this.#read);
    this.#read(this.#responseHead.subarray(end + 4));
  }
}

export function isRetained(item: Item): boolean {
  return item.kind === "event" && item.retained === true;
}
