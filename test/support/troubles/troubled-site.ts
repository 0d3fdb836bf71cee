import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../free-port.js";
import { type HubOptions, type HubProcess, startHub } from "../hub-process.js";
import { type Nginx, startNginx } from "../nginx.js";
import { atTestEnd } from "../on-end.js";
import { connectPublisher } from "../publisher.js";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.js";
import { makeMiddlebox, type Middlebox, type MiddleboxMode } from "./middlebox.js";

/** The topic of the published numbers. */
export const topic = "n";

const publishEveryMs = 500;

interface Parts {
  readonly hub: HubProcess;
  readonly hubOptions: HubOptions;
  readonly nginx: Nginx;
  readonly network: TcpProxy;
}

/** A hub behind nginx, with the configuration of deploy/, with a network in front that can have troubles. */
export class TroubledSite {
  readonly nginx: Nginx;
  /** The way of the clients to nginx, while no middlebox is in the way. */
  readonly network: TcpProxy;
  readonly #hubOptions: HubOptions;
  readonly #port: number;
  readonly #middlebox: Middlebox;
  #hub: HubProcess;
  #published = 0;

  constructor({ hub, hubOptions, nginx, network }: Parts) {
    this.#hub = hub;
    this.#hubOptions = hubOptions;
    this.nginx = nginx;
    this.network = network;
    this.#port = network.port;
    this.#middlebox = makeMiddlebox(nginx);
  }

  get url(): string {
    return `https://localhost:${this.#port}/`;
  }

  /** The number of the next event. */
  get published(): number {
    return this.#published;
  }

  /** Publishes 0, 1, 2 and so on, two numbers a second, until the returned function is called. */
  startPublishing(): () => void {
    const push = connectPublisher(this.#hub.ingest);
    const timer = setInterval(() => {
      void push.send([topic, String(this.#published)]);
      this.#published += 1;
    }, publishEveryMs);
    const stop = (): void => clearInterval(timer);
    atTestEnd(stop);
    return stop;
  }

  /** Stops the hub in order, and starts a new one with the same addresses after `downMs` milliseconds. */
  async deploy(downMs: number): Promise<void> {
    const { scratch } = this.#hub;
    await this.#hub.stop();
    await delay(downMs);
    this.#hub = await startHub({ ...this.#hubOptions, scratch });
  }

  /** Cuts all connections. From then on, a middlebox is in the way. */
  async insertMiddlebox(mode: MiddleboxMode): Promise<void> {
    this.#middlebox.mode = mode;
    await this.network.shut();
    await this.#middlebox.listen(this.#port);
  }

  /** Changes the mode of the middlebox. Its connections stay. */
  mendMiddlebox(): void {
    this.#middlebox.mode = "transparent";
  }

  /** Cuts all connections. From then on, clients reach nginx directly. */
  async removeMiddlebox(): Promise<void> {
    await this.#middlebox.shut();
    await this.network.listen(this.#port);
  }
}

/** Starts the hub, nginx and the network. All of them end with the test. */
export async function startTroubledSite(): Promise<TroubledSite> {
  const hubOptions = {
    http: `127.0.0.1:${await freePort()}`,
    args: ["--trusted-proxy", "127.0.0.1", "--public-url", "https://localhost"],
  };
  const hub = await startHub(hubOptions);
  const nginx = await startNginx({ upstream: `127.0.0.1:${hub.httpPort}` });
  const network = await startTcpProxy({ target: nginx.port, port: await freePort() });
  return new TroubledSite({ hub, hubOptions, nginx, network });
}
