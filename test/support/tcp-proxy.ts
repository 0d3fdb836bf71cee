import { createConnection, createServer, type Server, type Socket } from "node:net";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { parsePort } from "./parse-port.js";
import { Changes } from "./wait-for.js";

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Stands between two programs that talk over TCP, and cuts or stalls what it carries. */
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

  /** Connections that stand now, oldest first. */
  get connections(): number {
    return this.#pairs.length;
  }

  /** Connections carried since the start. */
  get carried(): number {
    return this.#carried;
  }

  /** Cuts one connection on both sides, the oldest by default; false when there is none such. */
  cut(index = 0): boolean {
    const pair = this.#pairs[index];
    if (pair === undefined) return false;
    pair.near.resetAndDestroy();
    pair.far.resetAndDestroy();
    this.#drop(pair);
    return true;
  }

  /** Carries nothing for now in either direction; the connections stand, and new ones are carried. */
  stall(): void {
    for (const pair of this.#pairs) hold(pair);
  }

  /** As {@link stall}, for new connections too: a network that is out without a word. */
  darken(): void {
    this.#isDark = true;
    this.stall();
  }

  /** Carries on after {@link stall} or {@link darken}. */
  resume(): void {
    this.#isDark = false;
    for (const { near, far } of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  /** Cuts all connections and takes no new ones, until {@link listen} is called with the same port. */
  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    while (this.cut());
    await closed;
  }

  /** Until so many connections have been carried since the start: after a cut, until the link is made anew. */
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

/** Starts a proxy on 127.0.0.1 in front of a TCP port; it ends with the test. */
export async function startTcpProxy(options: {
  readonly target: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** @default 0, a free one */
  readonly port?: number;
  readonly onEnd?: OnEnd;
}): Promise<TcpProxy> {
  const proxy = new TcpProxy({ port: options.target, host: options.host ?? "127.0.0.1" });
  await proxy.listen(options.port ?? 0);
  (options.onEnd ?? atTestEnd)(() => proxy.close());
  return proxy;
}
