import type { FrontRequest } from "../../src/fronts/gateway-port.js";
import { gatewayRequest } from "../gateway/request.js";
import { clientFrame } from "../support/web-socket.js";
import { withoutChunks } from "../support/chunk-reader.js";
import type { Item, ReadBytes } from "../support/storm/stream-readers.js";
import { clientKinds } from "./clients/client-kinds.js";
import type { ClientKind, Opening } from "./clients/client-kind.js";
import { FakeSocket } from "./fake-socket.js";
import type { Token } from "./tokens.js";

/** An item, and the newest offset that was published when the client received the item. */
export type Received = Item & { readonly head: number };

/** One request of a client: a stream or a poll. The client records what it receives. */
export class MovesClient {
  readonly name: string;
  readonly opening: Opening;
  readonly socket: FakeSocket;
  readonly items: Received[] = [];
  readonly #kind: ClientKind;
  readonly #tokens = new Map<number, Token>();
  readonly #head: () => number;
  readonly #gone = new AbortController();
  #read: ReadBytes | undefined;
  #responseHead = Buffer.alloc(0);
  #isAnswered = false;
  #hasLeft = false;
  #requests = 0;

  /** @param head the offset of the newest publication */
  constructor(name: string, opening: Opening, head: () => number) {
    this.name = name;
    this.opening = opening;
    this.#kind = clientKinds[opening.transport];
    this.#head = head;
    this.socket = new FakeSocket((bytes) => this.#receive(bytes));
    // A reason of its own costs less than the default, which is an error with a stack.
    this.socket.once("close", () => this.#gone.abort("gone"));
  }

  get request(): FrontRequest {
    const { token } = this.opening;
    const { path, query, headers: asked } = this.#kind.ask(this.opening);
    const headers = token === "none" ? asked : { ...asked, authorization: `Bearer ${token}` };
    return {
      ...gatewayRequest({
        path,
        query: query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"),
        headers,
      }),
      headerNames: () => Object.keys(headers),
      disconnectSignal: () => this.#gone.signal,
    };
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** True if the client has its answer and may send its next poll. */
  get isAnswered(): boolean {
    return this.#isAnswered && !this.#hasLeft;
  }

  /** True if the client can still act: its stream is open, or it may send its next poll. */
  get isPresent(): boolean {
    return !this.#hasLeft && (this.isOpen || this.#isAnswered);
  }

  /** True for a WebSocket that may send messages: the response head has arrived. */
  get isDialogue(): boolean {
    return this.opening.transport === "web-socket" && this.#read !== undefined;
  }

  /** The cursor from which the client can resume; undefined if it has none yet. */
  get lastEventId(): string | undefined {
    const { resumesFromRetained = false } = this.#kind;
    return this.#lastId((item) => resumesFromRetained || !isRetained(item)) ?? this.opening.lastEventId;
  }

  /** The id up to which the client has everything; undefined if it has none yet. */
  get reachedId(): string | undefined {
    return this.#ownReachedId ?? this.opening.reachedId;
  }

  /** True if retained values have ids from which the client resumes. */
  get resumesFromRetained(): boolean {
    return this.#kind.resumesFromRetained === true;
  }

  /** True if the cursor contains the losses that the client knows. */
  get remembersLosses(): boolean {
    return this.#kind.remembersLosses === true;
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

  /** The filters that the client had when it received its cursor. */
  get knownFilters(): readonly string[] {
    const { added = [] } = this.opening;
    if (this.#ownReachedId !== undefined) return this.current.filters;
    return this.current.filters.filter((filter) => !added.includes(filter));
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

  /** The client of a WebSocket sends a close frame. Other clients leave. */
  close(): void {
    if (this.#kind.isWebSocket !== true || this.#read === undefined) return this.leave();
    this.socket.say(clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }));
  }

  leave(): void {
    this.#hasLeft = true;
    this.socket.destroy();
  }

  /** The id up to which this request has told the client everything. */
  get #ownReachedId(): string | undefined {
    return this.#lastId((item) => !isRetained(item));
  }

  #lastId(holds: (item: Item) => boolean): string | undefined {
    const item = this.items.findLast((each) => "id" in each && holds(each));
    return item !== undefined && "id" in item ? item.id : undefined;
  }

  #say(message: object): number {
    this.#requests += 1;
    const payload = Buffer.from(JSON.stringify({ ...message, request: this.#requests }));
    this.socket.say(clientFrame({ opcode: 1, payload }));
    return this.#requests;
  }

  #receive(bytes: Buffer): void {
    if (this.#read !== undefined) return this.#read(bytes);
    this.#responseHead = Buffer.concat([this.#responseHead, bytes]);
    const end = this.#responseHead.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#responseHead.toString("latin1", 0, end);
    if (!/^HTTP\/1\.1 (?:101|200|304) /.test(head)) throw new Error(`${this.name} was refused: ${head}`);
    this.#read = withoutChunks(head, this.#reader(head));
    this.#read(this.#responseHead.subarray(end + 4));
  }

  #reader(head: string): ReadBytes {
    return this.#kind.read({
      head,
      opening: this.opening,
      take: (item) => void this.items.push({ ...item, head: this.#head() }),
      end: () => {
        this.#isAnswered = true;
        this.socket.destroy();
      },
    });
  }
}

export function isRetained(item: Item): boolean {
  return item.kind === "event" && item.retained === true;
}
