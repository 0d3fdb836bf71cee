import type { FrontRequest } from "../../src/fronts/http/gateway-port.js";
import type { GapNotice } from "../../src/protocol.js";
import { gatewayRequest } from "../gateway/request.js";
import { clientFrame, handshakeHeaders, parseFrame } from "../support/web-socket.js";
import { FakeSocket } from "./fake-socket.js";
import type { Token } from "./tokens.js";

/** A JSON message of the hub. */
export type Item =
  | { readonly kind: "open"; readonly filters: readonly string[] }
  | { readonly kind: "event"; readonly id: string; readonly retained?: true }
  | { readonly kind: "position"; readonly id: string }
  | ({ readonly kind: "gap"; readonly id: string } & GapNotice)
  | { readonly kind: "filters"; readonly filters: readonly string[]; readonly request: number }
  | { readonly kind: "renewed" | "refused"; readonly request: number };

/** An item, and the newest offset that was published when the client received the item. */
export type Received = Item & { readonly head: number };

export interface Opening {
  readonly filters: readonly string[];
  readonly token: Token;
  /** The cursor of a client that resumes. */
  readonly lastEventId: string | undefined;
}

/** A WebSocket client that records what it receives. */
export class MovesClient {
  readonly name: string;
  readonly opening: Opening;
  readonly socket: FakeSocket;
  readonly items: Received[] = [];
  readonly #tokens = new Map<number, Token>();
  readonly #head: () => number;
  readonly #gone = new AbortController();
  #bytes = Buffer.alloc(0);
  #isOpen = false;
  #requests = 0;

  /** @param head the offset of the newest publication */
  constructor(name: string, opening: Opening, head: () => number) {
    this.name = name;
    this.opening = opening;
    this.#head = head;
    this.socket = new FakeSocket((bytes) => this.#receive(bytes));
    this.socket.once("close", () => this.#gone.abort());
  }

  /** The handshake. */
  get request(): FrontRequest {
    const { filters, token, lastEventId } = this.opening;
    const headers: Record<string, string> = Object.fromEntries(
      Object.entries(handshakeHeaders).map(([name, value]) => [name.toLowerCase(), value]),
    );
    if (token !== "none") headers["authorization"] = `Bearer ${token}`;
    if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
    const query = filters.map((filter) => `topic=${encodeURIComponent(filter)}`).join("&");
    return {
      ...gatewayRequest({ path: "/ws", query, headers }),
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

  #receive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#isOpen) this.#skipHead();
    if (!this.#isOpen) return;
    let at = 0;
    for (let frame = parseFrame(this.#bytes, at); frame !== undefined; frame = parseFrame(this.#bytes, at)) {
      at = frame.end;
      if (frame.opcode !== 1) continue;
      this.items.push({ ...(JSON.parse(frame.payload.toString()) as Item), head: this.#head() });
    }
    this.#bytes = this.#bytes.subarray(at);
  }

  #skipHead(): void {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.#isOpen = true;
    this.#bytes = this.#bytes.subarray(end + 4);
  }
}

export function isRetained(item: Item): boolean {
  return item.kind === "event" && item.retained === true;
}
