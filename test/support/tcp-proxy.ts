import { createConnection, createServer, type Server, type Socket } from "node:net";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { parsePort } from "./parse-port.js";
import { Changes } from "./wait-for.js";

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A TCP proxy between two programs. The proxy can cut or stall the connections. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs: Pair[] = [];
  readonly #changes = new Changes();
  #carried = 0;
  #isDark = false;

  constructor(target: { readonly port: number; readonly host: string }) {
    this.#server = createServer((near) => this.#carry(near, createConnection(target)));
  }

  get port(): number {
    return parsePort(this.#server.address());
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#pairs.length;
  }

  /** The number of connections since the start. */
  get carried(): number {
    return this.#carried;
  }

  /** Cuts one connection on both sides, by default the oldest. Returns false if there is no such connection. */
  cut(index = 0): boolean {
    const pair = this.#pairs[index];
    if (pair === undefined) return false;
    pair.near.resetAndDestroy();
    pair.far.resetAndDestroy();
    this.#drop(pair);
    return true;
  }

  /** Stops forwarding in both directions. Connections stay open, and the proxy accepts new connections. */
  stall(): void {
    for (const pair of this.#pairs) hold(pair);
  }

  /** As {@link stall}, but the proxy also ignores new connections, like a network that fails silently. */
  darken(): void {
    this.#isDark = true;
    this.stall();
  }

  /** Carries new connections again after {@link darken}. The old connections stay open and never get data again. */
  forget(): void {
    this.#isDark = false;
  }

  /** Forwards again after {@link stall} or {@link darken}. */
  resume(): void {
    this.#isDark = false;
    for (const { near, far } of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  /** Cuts all connections. Accepts no new connections until the test calls {@link listen} with the same port. */
  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    while (this.cut());
    await closed;
  }

  /**
   * Waits until the proxy has accepted this many connections since the start, for instance until a client has
   * reconnected.
   */
  async waitCarried(atLeast: number, options: { readonly within: number }): Promise<void> {
    await this.#changes.until(() => this.#carried >= atLeast, {
      within: options.within,
      missing: () => `the proxy has carried ${this.#carried} connections, not yet ${atLeast}`,
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.shut();
  }

  #carry(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.push(pair);
    far.once("connect", () => {
      this.#carried += 1;
      this.#changes.changed();
    });
    near.pipe(far);
    far.pipe(near);
    if (this.#isDark) hold(pair);
    for (const socket of [near, far]) {
      socket.on("error", () => undefined);
      socket.once("close", () => this.#drop(pair));
    }
  }

  #drop(pair: Pair): void {
    pair.near.destroy();
    pair.far.destroy();
    const index = this.#pairs.indexOf(pair);
    if (index >= 0) this.#pairs.splice(index, 1);
  }
}

function hold({ near, far }: Pair): void {
  near.pause();
  far.pause();
}

/** Starts a proxy on 127.0.0.1 in front of a TCP port. The proxy is closed after the test. */
export async function startTcpProxy(options: {
  readonly target: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default 0, a free port */
  readonly port?: number;
  readonly onEnd?: OnEnd;
}): Promise<TcpProxy> {
  const proxy = new TcpProxy({ port: options.target, host: options.host ?? "127.0.0.1" });
  await proxy.listen(options.port ?? 0);
  (options.onEnd ?? atTestEnd)(() => proxy.close());
  return proxy;
}
