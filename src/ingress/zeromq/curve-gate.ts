import type { Context, Pull, Reply, SocketOptions } from "zeromq";
import type { Clock } from "../../base/clock.js";
import type { CurveKey, CurveServer } from "../../zeromq/curve/keys.js";
import { encodeZ85 } from "../../zeromq/curve/z85.js";
import { libzmq } from "../../zeromq/libzmq.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";

export interface CurveGateOptions {
  readonly keys: CurveServer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The address at which libzmq asks whether a peer may connect [ZeroMQ RFC 27]. This address is local to one context, so
 * each gate has its own context.
 */
const zapAddress = "inproc://zeromq.zap.01";
const zapDomain = "pharos-curve";
const zapVersion = "1.0";

/**
 * Decides by CURVE keys which publishers may connect to a bound socket. The gate counts each refused publisher and each
 * failed handshake, and logs them at a limited rate. The hub reads no data from refused publishers.
 */
export class CurveGate {
  readonly #context: Context;
  readonly #handler: Reply;
  readonly #options: CurveGateOptions;
  /** Two rate limits for log lines, so that many publishers without keys do not hide publishers with a refused key. */
  readonly #warnOf: Readonly<Record<"handshake" | "key", LimitedLog>>;
  readonly #answering: Promise<void>;
  #closed = false;

  private constructor(handler: Reply, context: Context, options: CurveGateOptions) {
    this.#handler = handler;
    this.#context = context;
    this.#options = options;
    const limits = { logger: options.logger, clock: options.clock, periodMs: 1000 };
    this.#warnOf = { handshake: limitedLog(limits), key: limitedLog(limits) };
    this.#answering = this.#answer();
  }

  /** Opens a gate. Call this method before the guarded socket is bound. */
  static async open(options: CurveGateOptions): Promise<CurveGate> {
    const context = new (libzmq().Context)();
    const handler = new (libzmq().Reply)({ context, linger: 0 });
    await handler.bind(zapAddress);
    return new CurveGate(handler, context, options);
  }

  /** The options with which the guarded socket has to be created. */
  get socketOptions(): SocketOptions<Pull> {
    return {
      context: this.#context,
      curveServer: true,
      curveSecretKey: this.#options.keys.secretKey,
      zapDomain,
      // Without this option, libzmq accepts every peer when no gate answers at {@link zapAddress}.
      zapEnforceDomain: true,
    };
  }

  /** Counts and logs the handshakes with `socket` that fail before the key is known. */
  watch(socket: Pull): void {
    for (const type of ["handshake:error:protocol", "handshake:error:other"] as const)
      socket.events.on(type, ({ address, error }) =>
        this.#refused(
          { reason: "handshake", address, error: error.message },
          "refused a publisher: it does not use CURVE, or it has another hub's public key",
        ),
      );
  }

  /** Stops answering requests of libzmq. Close the guarded socket first. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#handler.close();
    await this.#answering;
  }

  async #answer(): Promise<void> {
    try {
      for await (const request of this.#handler) await this.#handler.send(this.#verdict(request));
    } catch (error) {
      if (!this.#closed)
        this.#options.logger.error(
          { error },
          "the check of keys has stopped: no further publisher can connect until the hub restarts",
        );
    }
  }

  /**
   * Answers a request of libzmq. The fields are version, request id, domain, address, identity, mechanism and key
   * [ZeroMQ RFC 27]. The reply begins with the first two fields of the request.
   */
  #verdict([version, id, , address, , mechanism, credentials]: readonly Buffer[]): (string | Buffer)[] {
    const head = [version ?? zapVersion, id ?? ""];
    const key = mechanism?.toString() === "CURVE" && credentials !== undefined ? encodeZ85(credentials) : "";
    if (this.#mayConnect(key)) return [...head, "200", "OK", "", ""];
    this.#refused(
      { reason: "key", address: address?.toString(), publicKey: key },
      "refused a publisher: its key is not in the list of clients",
    );
    return [...head, "400", "this key may not publish", "", ""];
  }

  #mayConnect(key: string): boolean {
    const { clients } = this.#options.keys;
    if (key === "") return false;
    return clients === undefined || clients.has(key as CurveKey);
  }

  #refused(
    fields: { readonly reason: "handshake" | "key"; readonly [field: string]: unknown },
    message: string,
  ): void {
    this.#options.metrics.count("publishers_refused_total", 1, { reason: fields.reason });
    this.#warnOf[fields.reason](fields, message);
  }
}
