import { createGunzip } from "node:zlib";
import { setTimeout as delay } from "node:timers/promises";
import { connectRaw } from "../raw-http.js";
import type { RawConnection } from "../raw-http.js";
import { clientFrame, handshakeHeaders } from "../web-socket.js";
import { KeptTopics } from "./kept-topics.js";
import { withoutChunks } from "../chunk-reader.js";
import { createReader } from "./stream-readers.js";
import type { Item, Transport } from "./stream-readers.js";
import { filterTexts, followed, privateTopics, someFilters } from "./storm-topics.js";

export interface StormClientOptions {
  readonly name: string;
  readonly transport: Transport | "poll";
  readonly port: () => number;
  /** Allows the client to read private publications. */
  readonly token: string;
  readonly random: () => number;
  /** @default false */
  readonly acceptsGzip?: boolean;
}

/**
 * The time-out for the head of a response, in milliseconds. A hub that is killed answers no request that it has read, and
 * Mongrel2 keeps the connection of such a request for two minutes.
 */
const answerMs = 20_000;
/** Each change cancels what the hub reads for the client, so a client that never pauses gets no events. */
const mostUnanswered = 2;

interface PollAnswer {
  readonly position: string;
  readonly events: readonly Item[];
}

/** A client that resumes whenever its connection ends, and changes its filters and its token. */
export class StormClient {
  readonly kept = new KeptTopics();
  readonly #options: StormClientOptions;
  /** What the hub has confirmed. */
  #filters: readonly string[];
  #hasToken = false;
  #cursor: string | undefined;
  #added: readonly string[] = [];
  #connection: RawConnection | undefined;
  #poll: AbortController | undefined;
  #isConfirmed = false;
  #isStopped = false;
  /** The numbers of the unanswered messages. */
  readonly #asked = new Set<number>();
  #requests = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: StormClientOptions) {
    this.#options = options;
    this.#filters = someFilters(options.random);
  }

  get name(): string {
    return this.#options.name;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the client without a goodbye. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.cut();
    await this.#running;
  }

  /** Cuts the connection. The client resumes. */
  cut(): void {
    const connection = this.#connection;
    // What the connection still brings does not count: the filters may be others by then.
    this.#connection = undefined;
    connection?.close({ reset: this.#options.random() < 0.5 });
    this.#poll?.abort();
  }

  /** Changes the filters: with a message, or with the next connection. */
  change(): void {
    const { random, transport } = this.#options;
    const add = filterTexts.filter((filter) => !this.#filters.includes(filter) && random() < 0.15);
    const left = this.#filters.filter(() => random() < 0.7);
    const drop = this.#filters.filter((filter) => !left.includes(filter));
    if (left.length + add.length === 0) return;
    if (transport === "web-socket") return this.#say({ add, drop });
    this.#follow([...left, ...add], this.#hasToken);
    this.#added = add;
    this.cut();
  }

  /** Gets or drops the token, on a WebSocket with a message. A WebSocket cannot drop its token. */
  renew(): void {
    if (this.#options.transport === "web-socket") return this.#say({ token: this.#options.token });
    this.#follow(this.#filters, !this.#hasToken);
    this.cut();
  }

  async #run(): Promise<void> {
    const { transport, random } = this.#options;
    while (!this.#isStopped) {
      await (transport === "poll" ? this.#pollOnce() : this.#stream()).catch(() => undefined);
      if (transport !== "poll") await delay(50 + 200 * random());
    }
  }

  async #stream(): Promise<void> {
    const connection = await connectRaw({ port: this.#options.port(), onEnd: () => undefined });
    this.#connection = connection;
    this.#isConfirmed = false;
    this.#asked.clear();
    if (this.#isStopped) return connection.close();
    if (this.#cursor === undefined) this.kept.restart();
    this.#follow(this.#filters, this.#hasToken);
    connection.write(this.#head());
    connection.handOver(this.#reader(connection));
    const timer = setTimeout(() => {
      if (this.#connection === connection && !this.#isConfirmed) connection.close();
    }, answerMs);
    await new Promise<void>((resolve) => connection.onOver(resolve));
    clearTimeout(timer);
  }

  async #pollOnce(): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    if (this.#cursor === undefined) this.kept.restart();
    this.#follow(this.#filters, this.#hasToken);
    try {
      const url = `http://127.0.0.1:${this.#options.port()}/poll?wait=5&${this.#query()}`;
      const signal = AbortSignal.any([poll.signal, AbortSignal.timeout(answerMs)]);
      const response = await fetch(url, { headers: this.#headers(), signal });
      if (response.status !== 200) throw new Error(`the poll was answered with ${response.status}`);
      const { events, position } = (await response.json()) as PollAnswer;
      if (poll.signal.aborted) return;
      for (const item of events) this.#take(item);
      this.#cursor = position;
      this.#added = [];
    } catch {
      await delay(100);
    }
  }

  #follow(filters: readonly string[], hasToken: boolean): void {
    this.#filters = filters;
    this.#hasToken = hasToken;
    this.kept.follow(followed(filters, hasToken));
  }

  #reader(connection: RawConnection): (bytes: Buffer) => void {
    const { transport, acceptsGzip = false } = this.#options;
    const read = createReader(transport === "poll" ? "event-stream" : transport, (item) => {
      // What a connection has brought too late, its successor brings again.
      if (this.#connection === connection && !connection.closed) this.#take(item);
    });
    let head = Buffer.alloc(0);
    let readBody: ((bytes: Buffer) => void) | undefined;
    return (bytes) => {
      if (readBody !== undefined) return readBody(bytes);
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      if (!/^HTTP\/1\.1 (101|200) /.test(text)) return connection.close();
      const isZipped = acceptsGzip && /content-encoding: gzip/i.test(text);
      readBody = withoutChunks(text, isZipped ? unzipped(read) : read);
      this.#isConfirmed = true;
      this.#added = [];
      if (head.length > end + 4) readBody(head.subarray(end + 4));
    };
  }

  #take(item: Item): void {
    if ("request" in item) this.#asked.delete(item.request);
    if (item.kind === "filters") this.#follow(item.filters, this.#hasToken);
    if (item.kind === "renewed") this.#renewed();
    if (item.kind === "gap") this.kept.gap(item);
    if (item.kind === "event" && item.retained !== true) this.#event(item.data);
    if ("id" in item && !("retained" in item)) this.#cursor = item.id;
  }

  /** Only a client without a token gets other rights by its token. */
  #renewed(): void {
    if (this.#hasToken) return;
    this.#follow(this.#filters, true);
    this.kept.restart(privateTopics);
  }

  #event(data: string): void {
    const [topic = "", number = ""] = data.split(" ");
    this.kept.event(topic, Number(number));
  }

  #say(
    message:
      | { readonly add: readonly string[]; readonly drop: readonly string[] }
      | { readonly token: string },
  ): void {
    const isReady = this.#isConfirmed && this.#asked.size < mostUnanswered;
    if (!isReady || this.#connection === undefined || this.#connection.closed) return;
    this.#requests += 1;
    this.#asked.add(this.#requests);
    const payload = Buffer.from(JSON.stringify({ ...message, request: this.#requests }));
    this.#connection.write(clientFrame({ opcode: 1, payload }));
  }

  #query(): string {
    const names = [
      ...this.#filters.map((filter) => ["topic", filter] as const),
      ...(this.#cursor === undefined ? [] : this.#added.map((filter) => ["added", filter] as const)),
    ];
    return names.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  }

  #headers(): Record<string, string> {
    return {
      Host: "localhost",
      ...(this.#options.transport === "web-socket" ? handshakeHeaders : {}),
      ...(this.#options.acceptsGzip === true
        ? { "Accept-Encoding": "gzip", Accept: "text/event-stream" }
        : {}),
      ...(this.#hasToken ? { Authorization: `Bearer ${this.#options.token}` } : {}),
      ...(this.#cursor === undefined ? {} : { "Last-Event-ID": this.#cursor }),
    };
  }

  #head(): string {
    const path = this.#options.transport === "web-socket" ? "/ws?" : "/esupdates?show=topics&";
    const lines = Object.entries(this.#headers()).map(([name, value]) => `${name}: ${value}\r\n`);
    return `GET ${path}${this.#query()} HTTP/1.1\r\n${lines.join("")}\r\n`;
  }
}

function unzipped(read: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const gunzip = createGunzip();
  gunzip.on("data", read);
  gunzip.on("error", () => undefined);
  return (bytes) => void gunzip.write(bytes);
}
