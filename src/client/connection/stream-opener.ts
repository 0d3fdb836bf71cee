import type { TransportName } from "../messages/item.js";
import { isNoStream, noStream, StreamRefusedError } from "../messages/refusal.js";
import type { Tokens } from "./tokens.js";
import {
  reasonText,
  type OpenStream,
  type TransportRequest,
  type Transport,
  type Transports,
} from "../transports/transport.js";
import { startTimer } from "../transports/timer.js";
import type { TransportChoice } from "./transport-choice.js";
import type { TransportSearch } from "./transport-search.js";

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
  /** As {@link Transport.heartbeatMs}. */
  readonly heartbeatMs: number | undefined;
  close(): void;
}

type StreamParameters = Omit<TransportRequest, "token" | "signal">;
type AttemptParameters = Omit<TransportRequest, "token">;

export interface Fallbacks {
  readonly TransportChoice: typeof TransportChoice;
  /** Resolves with true if a better transport works again. */
  readonly searchBetter: (search: TransportSearch) => Promise<boolean>;
  readonly renewInMs: (token: string) => number | undefined;
}

export interface StreamOpenerOptions {
  /** The best transport first. */
  readonly transports: Transports;
  readonly tokens: Tokens;
  /** Loads the code that is needed after a failure. */
  readonly loadFallbacks: () => Promise<Fallbacks>;
  /** Called when a better transport works again. The next call of `open` uses this transport. */
  readonly onBetter: () => void;
}

/** Opens streams, with a transport that works and a valid token. */
export class StreamOpener {
  readonly #options: StreamOpenerOptions;
  readonly #open = new Set<AbortController>();
  #fallbacks: Fallbacks | undefined;
  /** Loaded after the first stream, or with the first failure. Until then, the first transport is used. */
  #choice: TransportChoice | undefined;
  #hasOpened = false;
  #isClosed = false;

  constructor(options: StreamOpenerOptions) {
    this.#options = options;
  }

  /** Gets a new token for the next stream. Returns false if the token is a fixed string. */
  renewToken(): boolean {
    return this.#options.tokens.discard();
  }

  /**
   * The time until the library renews the token, in milliseconds. Resolves with undefined if the library never renews
   * the token.
   */
  async renewInMs(): Promise<number | undefined> {
    const { renewable } = this.#options.tokens;
    if (renewable === undefined) return undefined;
    return (await this.#loadFallbacks())?.renewInMs(renewable);
  }

  /** Call this method when the open stream fell silent. Resolves with true if the next attempt uses another transport. */
  async fellSilent(): Promise<boolean> {
    return (await this.#load())?.fellSilent() === true;
  }

  /** Call this method when the network may have changed. */
  networkChanged(): void {
    this.#hasOpened = false;
    this.#choice?.networkChanged();
  }

  /**
   * Tries one transport after another, as {@link TransportChoice} says.
   *
   * @throws StreamRefusedError, or NoStreamError with the reason of the first transport
   */
  async open(parameters: StreamParameters): Promise<OpenedStream> {
    let firstReason: string | undefined;
    for (;;) {
      try {
        return await this.#attempt(this.#choice?.next() ?? 0, parameters);
      } catch (error) {
        if (this.#isClosed || !isNoStream(error)) throw error;
        const { trouble, retryAfterMs } = error;
        firstReason ??= error.message;
        const choice = await this.#load();
        if (!choice?.failed(trouble, retryAfterMs > 0)) throw noStream(firstReason, trouble, retryAfterMs);
      }
    }
  }

  /** Ends all streams and attempts. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#open) this.#end(controller);
  }

  #end(controller: AbortController): void {
    this.#open.delete(controller);
    controller.abort();
  }

  /** @throws StreamRefusedError or NoStreamError */
  async #attempt(index: number, parameters: StreamParameters): Promise<OpenedStream> {
    const transport = this.#transport(index);
    const controller = new AbortController();
    this.#open.add(controller);
    const request = { ...parameters, signal: controller.signal };
    try {
      const { next } = await this.#withinTime(controller, () => this.#request(transport, request));
      this.#hasOpened = true;
      this.#choice?.opened();
      this.#search(request);
      void this.#load();
      return {
        next,
        transport: transport.name,
        heartbeatMs: transport.heartbeatMs,
        filters: parameters.filters,
        close: () => this.#end(controller),
      };
    } catch (error) {
      this.#end(controller);
      // Browsers hide why a WebSocket failed, and a gateway between client and hub may check tokens too.
      const isForeign = isNoStream(error) && error.trouble === "foreign";
      if (isForeign || transport.name === "websocket") this.renewToken();
      throw error;
    }
  }

  /** Opens a stream, or fails after the time-out. */
  async #withinTime(controller: AbortController, open: () => Promise<OpenStream>): Promise<OpenStream> {
    let stopTimer = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      stopTimer = startTimer(openTimeoutMs, () => {
        reject(noStream("no stream opened within 10 s", "held"));
        controller.abort();
      });
    });
    try {
      return await Promise.race([open(), late]);
    } catch (error) {
      if (error instanceof StreamRefusedError || isNoStream(error)) throw error;
      throw noStream(reasonText(error), "network");
    } finally {
      stopTimer();
    }
  }

  /** Searches a better transport as long as the stream of this request is open. */
  #search(request: AttemptParameters): void {
    if (this.#choice === undefined) return;
    const open = (index: number, signal: AbortSignal): Promise<OpenStream> =>
      this.#request(this.#transport(index), { ...request, signal });
    const search = { choice: this.#choice, signal: request.signal, open };
    void this.#fallbacks?.searchBetter(search).then((isFound) => isFound && this.#options.onBetter());
  }

  /**
   * The choice of transports. With one transport there is no choice. If the code cannot be loaded, the network is
   * probably down; the next failure loads it.
   */
  async #load(): Promise<TransportChoice | undefined> {
    const { length } = this.#options.transports;
    const fallbacks = length > 1 ? await this.#loadFallbacks() : undefined;
    if (fallbacks !== undefined) this.#choice ??= new fallbacks.TransportChoice(length, this.#hasOpened);
    return this.#choice;
  }

  async #loadFallbacks(): Promise<Fallbacks | undefined> {
    this.#fallbacks ??= await this.#options.loadFallbacks().catch(() => undefined);
    return this.#fallbacks;
  }

  #transport(index: number): Transport {
    const { transports } = this.#options;
    return transports[index] ?? transports[0];
  }

  /**
   * After a 401 the class tries once more with a new token. The old token may be revoked, or the clock of this machine
   * may be wrong.
   */
  async #request(transport: Transport, request: AttemptParameters): Promise<OpenStream> {
    const open = async (): Promise<OpenStream> => {
      const token = await this.#options.tokens.current().catch((error: unknown) => {
        // No transport works without a token, so this round ends.
        throw noStream(`no token: ${reasonText(error)}`, "busy", 1);
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
}
