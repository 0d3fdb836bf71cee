import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import type { FrontRequest } from "../../src/fronts/gateway-port.js";
import { Mongrel2Front } from "../../src/fronts/mongrel2/mongrel2-front.js";
import type { LinkConnection, SocketEvents } from "../../src/fronts/mongrel2/link/sockets.js";
import { defaultFanoutLimits } from "../../src/limits/fanout.js";
import type { FanoutLimits } from "../../src/limits/fanout.js";
import { creditsNotice, disconnectNotice, parseMessage, uuid } from "../support/fake-mongrel2.js";
import type { HandlerMessage } from "../support/fake-mongrel2.js";
import type { FakeSocket } from "./fake-socket.js";
import type { HubWorld } from "./hub-world.js";
import type { ScheduledFront } from "./stream-fronts.js";

export interface ScheduledMongrel2Options {
  readonly limits?: Partial<FanoutLimits> | undefined;
  /** True if the server reports how many bytes each client has received. */
  readonly flowControl: boolean;
}

/**
 * The Mongrel2 front, and a server that reads the front's messages and sends its requests and notices when the schedule
 * says, in order.
 */
export class ScheduledMongrel2 implements ScheduledFront {
  readonly #flowControl: boolean;
  readonly #front: Mongrel2Front;
  readonly #sockets = new Map<number, FakeSocket>();
  #toServer: Buffer[] = [];
  #toFront: Buffer[] = [];
  #events: SocketEvents | undefined;
  #last = 0;

  constructor({ clock, hub, gateway }: HubWorld, { limits, flowControl }: ScheduledMongrel2Options) {
    const fanout = { ...defaultFanoutLimits, ...limits };
    this.#flowControl = flowControl;
    this.#front = new Mongrel2Front({
      name: "mongrel2",
      sendSpec: "tcp://127.0.0.1:1",
      recvSpec: "tcp://127.0.0.1:2",
      targets: 128,
      keepAliveMs: 0,
      roundBytes: fanout.roundBytes,
      windowBytes: 64 * 1024 * 1024,
      gateway,
      hub,
      fanout,
      clock,
      logger: silentLogger,
      metrics: silentMetrics,
      connect: ({ events }) => this.#connect(events),
    });
    void this.#front.start();
    this.#events?.subscribed("");
  }

  get isQuiet(): boolean {
    return this.#toServer.length === 0 && this.#toFront.length === 0;
  }

  get size(): number {
    return this.#front.size;
  }

  open(request: FrontRequest, socket: FakeSocket): void {
    const { path, query } = request;
    this.#last += 1;
    const id = this.#last;
    this.#sockets.set(id, socket);
    const own = Object.fromEntries(request.headerNames().map((name) => [name, request.header(name)]));
    const credits = this.#flowControl ? { DOWNLOAD_CREDITS: "102400" } : {};
    this.#request(id, {
      PATH: path,
      METHOD: request.header("upgrade") === undefined ? "GET" : "WEBSOCKET_HANDSHAKE",
      URI: `${path}?${query}`,
      QUERY: query,
      ...own,
      ...credits,
    });
    socket.on("data", (frame: Buffer) => this.#frame(id, frame));
    // The server sends no notice if the handler has closed the connection.
    socket.once("close", () => {
      if (this.#sockets.delete(id)) this.#toFront.push(Buffer.from(disconnectNotice(id)));
    });
  }

  /** Delivers requests and notices of the server to the front. */
  toWorker(messages: number): void {
    for (const frame of this.#toFront.splice(0, messages)) this.#events?.frame(frame);
  }

  /** Delivers messages of the front to the server. */
  toHub(messages: number): void {
    for (const frame of this.#toServer.splice(0, messages)) this.#take(parseMessage(frame));
  }

  tellPosition(): void {}

  async close(): Promise<void> {
    this.#events = undefined;
    await this.#front.close();
  }

  #connect(events: SocketEvents): LinkConnection {
    this.#events = events;
    return {
      send: (frame) => void this.#toServer.push(Buffer.from(frame)),
      replacePull: () => undefined,
      close: () => undefined,
    };
  }

  #request(id: number, words: Readonly<Record<string, string | undefined>>, body = Buffer.alloc(0)): void {
    const headers = JSON.stringify({ VERSION: "HTTP/1.1", PATTERN: "/", ...words });
    const head = `${uuid} ${id} ${words["PATH"] ?? "/ws"} ${Buffer.byteLength(headers)}:${headers},${body.length}:`;
    this.#toFront.push(Buffer.concat([Buffer.from(head), body, Buffer.from(",")]));
  }

  /** A frame of a client. The server unmasks it. */
  #frame(id: number, frame: Buffer): void {
    const [first = 0, second = 0] = frame;
    const start = (second & 0x7f) === 126 ? 4 : 2;
    const mask = frame.subarray(start, start + 4);
    const payload = frame.subarray(start + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    const flags = `0x${first.toString(16)}`;
    this.#request(id, { PATH: "/ws", METHOD: "WEBSOCKET", URI: "/ws", FLAGS: flags }, Buffer.from(payload));
  }

  #take({ ids, control, body }: HandlerMessage): void {
    for (const id of ids) {
      const socket = this.#sockets.get(id);
      if (socket === undefined) this.#toFront.push(Buffer.from(disconnectNotice(id | 0)));
      else if (control) this.#cut(id, socket);
      else if (body.length === 0) this.#end(id, socket);
      else socket.write(body, () => this.#received(id, body.length));
    }
  }

  #cut(id: number, socket: FakeSocket): void {
    this.#sockets.delete(id);
    socket.destroy();
  }

  #end(id: number, socket: FakeSocket): void {
    this.#sockets.delete(id);
    socket.destroySoon();
  }

  #received(id: number, bytes: number): void {
    if (this.#flowControl && this.#sockets.has(id)) this.#toFront.push(Buffer.from(creditsNotice(id, bytes)));
  }
}
