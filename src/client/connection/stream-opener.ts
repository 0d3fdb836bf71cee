import type { TransportName } from "../messages/item.js";
import { StreamRefusedError, UnservedError } from "../messages/refusal.js";
import type { Tokens } from "./tokens.js";
import {
  reasonText,
  type OpenStream,
  type TransportRequest,
  type Transport,
  type Transports,
} from "../transports/transport.js";

/**
 * The time-out for opening a stream, in milliseconds. A proxy may delay the response, or the browser may use a
 * kept-alive connection that is dead. After a network failure without an error, the browser may have several dead
 * connections.
 */
const openTimeoutMs = 10_000;

/** A stream that has opened, with the parameters of its request. */
export interface OpenedStream extends OpenStream {
  readonly transport: TransportName;
  readonly filters: readonly string[];
  /**
   * The time until the library renews the token, in milliseconds after the stream opened. If undefined, the library
   * never renews the token.
   */
  readonly renewInMs: number | undefined;
  close(): void;
}

type StreamParameters = Omit<TransportRequest, "token" | "signal">;

/** Opens streams, with a transport that works and a valid token. */
export class StreamOpener {
  readonly #transports: Transports;
  readonly #tokens: Tokens;
  readonly #open = new Set<AbortController>();
  #transportIndex = 0;
  #hasOpened = false;

  /** @param options.transports in the order in which the class tries them */
  constructor(options: { readonly transports: Transports; readonly tokens: Tokens }) {
    this.#transports = options.transports;
    this.#tokens = options.tokens;
  }

  /** Gets a new token for the next stream. Returns false if the token is a fixed string. */
  renewToken(): boolean {
    return this.#tokens.discard();
  }

  /** @throws as {@link Transport.open}; after an error, the next call may use the next transport */
  async open(parameters: StreamParameters): Promise<OpenedStream> {
    const transport = this.#transports[this.#transportIndex % this.#transports.length] ?? this.#transports[0];
    const controller = new AbortController();
    this.#open.add(controller);
    // After a time-out, the next attempt uses another transport, unless a stream has opened before.
    const TimeoutError = this.#hasOpened ? Error : UnservedError;
    const timer = setTimeout(
      () => controller.abort(new TimeoutError("no stream opened within 10 s")),
      openTimeoutMs,
    );
    try {
      const { next } = await this.#request(transport, { ...parameters, signal: controller.signal });
      this.#hasOpened = true;
      return {
        next,
        transport: transport.name,
        filters: parameters.filters,
        renewInMs: this.#tokens.renewInMs(),
        close: () => this.#end(controller),
      };
    } catch (error) {
      this.#end(controller);
      this.#afterFailure(error, transport);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all streams and attempts. */
  close(): void {
    for (const controller of this.#open) this.#end(controller);
  }

  #end(controller: AbortController): void {
    this.#open.delete(controller);
    controller.abort();
  }

  /**
   * After a 401 the class tries once more with a new token. The old token may be revoked, or the clock of this machine
   * may be wrong.
   */
  async #request(transport: Transport, request: Omit<TransportRequest, "token">): Promise<OpenStream> {
    const open = async (): Promise<OpenStream> => {
      const token = await this.#tokens.current().catch((error: unknown) => {
        throw new Error(`no token: ${reasonText(error)}`);
      });
      return transport.open({ ...request, token });
    };
    try {
      return await open();
    } catch (error) {
      const mayRetry = error instanceof StreamRefusedError && error.status === 401 && this.renewToken();
      if (!mayRetry) throw error;
      return open();
    }
  }

  /**
   * Selects the next transport if a server between client and hub answers without a stream. If the network is down, the
   * transport stays the same. Browsers hide why a WebSocket failed, so after such a failure both the transport and the
   * token change.
   */
  #afterFailure(error: unknown, { name }: Transport): void {
    if (error instanceof UnservedError || name !== "event-stream") this.#transportIndex += 1;
    if (name === "websocket") this.renewToken();
  }
}
