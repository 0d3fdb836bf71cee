import type { BoundAddress, Front } from "../../front.js";
import { Intake } from "../../listen/intake.js";
import type { Incoming } from "../../listen/intake.js";
import type { Listener } from "../../listen/listener.js";
import { Listeners } from "../../listen/listeners.js";
import type { CertificateStore } from "../../tls/certificate-store.js";
import { SecureConnections } from "../../tls/secure-connections.js";
import { HttpFront } from "../http-front.js";
import type { HttpFrontOptions } from "../http-front.js";
import { Redirects } from "./redirects.js";

export interface ListeningFrontOptions extends HttpFrontOptions {
  readonly listeners: readonly Listener[];
  /** The addresses and networks of proxies that must send a PROXY header. */
  readonly proxyProtocol: readonly string[];
  /** The URL of the hub for its clients. */
  readonly publicUrl: string;
  /** The certificates of the listeners with TLS; undefined if there is none. */
  readonly certificates: CertificateStore | undefined;
  /** The limit of connections, with and without a stream. The front closes further connections at once. */
  readonly limits: { readonly connections: number };
}

/** The HTTP front in the hub's own process: accepts connections, and serves them. */
export class ListeningFront implements Front {
  readonly label = "http";
  readonly name = "http";
  /** The gateway counts the bodies. */
  readonly bodyBytes = 0;
  readonly held = 0;
  readonly #front: HttpFront;
  readonly #listeners: Listeners;
  readonly #intake: Intake;
  readonly #redirects: Redirects;
  readonly #secure: SecureConnections | undefined;

  constructor(options: ListeningFrontOptions) {
    const { gateway, metrics } = options;
    this.#front = new HttpFront(options);
    this.#redirects = new Redirects(options.publicUrl);
    this.#secure =
      options.certificates && new SecureConnections({ ...options, material: options.certificates.material });
    options.certificates?.follow((material) => this.#secure?.use(material));
    this.#intake = new Intake({
      ...options,
      secureConnections: this.#secure,
      ready: (arrival) => this.#front.take(arrival),
      redirect: (socket) => this.#redirects.take(socket),
    });
    const admit: Incoming["admit"] = ({ peer }) => gateway.admitConnection(peer);
    this.#listeners = new Listeners({
      ...options,
      accept: (socket, at) => this.#intake.take({ socket, at, admit }),
      dropped: () => metrics.count("connections_cut_total", 1, { reason: "connections" }),
    });
  }

  get size(): number {
    return this.#front.size;
  }

  get laggards(): number {
    return this.#front.laggards;
  }

  async start(): Promise<readonly BoundAddress[]> {
    await this.#front.ready();
    return this.#listeners.open();
  }

  settingsChanged(): void {
    this.#listeners.limitsChanged();
  }

  drain(): void {
    this.#front.drain();
  }

  endEvenly(overMs: number): Promise<void> {
    this.#listeners.close();
    return this.#front.endEvenly(overMs);
  }

  async settle(): Promise<void> {
    this.#acceptNoMore();
    await this.#front.settle();
  }

  async close(): Promise<void> {
    this.#acceptNoMore();
    await this.#front.close();
  }

  #acceptNoMore(): void {
    this.#listeners.close();
    this.#intake.close();
    this.#secure?.close();
    this.#redirects.close();
  }
}
