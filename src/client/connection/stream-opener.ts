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
 * What has not begun by then never will, in milliseconds: a proxy holds it back, or the browser has sent the request on a
 * connection that is dead and that it kept for use. After a network went without a word it may keep several.
 */
const openTimeoutMs = 10_000;

/** A stream that has begun, and what it was asked with. */
export interface OpenedStream extends OpenStream {
  readonly transport: TransportName;
  readonly filters: readonly string[];
  /** When its token is to be renewed, in milliseconds from its beginning; undefined: never. */
  readonly renewInMs: number | undefined;
  close(): void;
}

type Asked = Omit<TransportRequest, "token" | "signal">;

/** Opens streams by the transport that works, with a token that is valid. */
export class StreamOpener {
  readonly #transports: Transports;
  readonly #tokens: Tokens;
  readonly #open = new Set<AbortController>();
  #at = 0;
  #hasOpened = false;

  /** @param options.transports in the order in which they are tried */
  constructor(options: { readonly transports: Transports; readonly tokens: Tokens }) {
    this.#transports = options.transports;
    this.#tokens = options.tokens;
  }

  /** The next stream is asked for with another token, where another can be had; true where it can. */
  renewToken(): boolean {
    return this.#tokens.forget();
  }

  /** @throws what {@link Transport.open} does: then another transport may be next */
  async open(asked: Asked): Promise<OpenedStream> {
    const transport = this.#transports[this.#at % this.#transports.length] ?? this.#transports[0];
    const controller = new AbortController();
    this.#open.add(controller);
    // What has never worked is held back on the way; what has may work again when the network is back.
    const LateError = this.#hasOpened ? Error : UnservedError;
    const late = setTimeout(() => controller.abort(new LateError("no stream began in time")), openTimeoutMs);
    try {
      const { next } = await this.#attempt(transport, { ...asked, signal: controller.signal });
      this.#hasOpened = true;
      const { name } = transport;
      const renewInMs = this.#tokens.renewInMs();
      return { next, transport: name, filters: asked.filters, renewInMs, close: () => this.#end(controller) };
    } catch (error) {
      this.#end(controller);
      this.#judge(error, transport);
      throw error;
    } finally {
      clearTimeout(late);
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

  /** A token that is refused may have been withdrawn, or this clock be wrong: another is tried, once. */
  async #attempt(transport: Transport, request: Omit<TransportRequest, "token">): Promise<OpenStream> {
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
   * An event stream that something answers otherwise is held back on the way: the next transport may get through. A
   * network that is down is no reason to change. What becomes of a WebSocket the browser does not tell: its token may have
   * been refused, or the transport.
   */
  #judge(error: unknown, { name }: Transport): void {
    if (error instanceof UnservedError || name !== "event-stream") this.#at += 1;
    if (name === "websocket") this.renewToken();
  }
}
