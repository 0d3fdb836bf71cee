import { isNoStream, noStream, StreamRefusedError } from "../messages/refusal.js";
import {
  reasonText,
  type OpenedStream,
  type OpenStream,
  type TransportRequest,
} from "../transports/transport.js";
import { startTimer } from "../transports/timer.js";
import type { RoundsOptions, TransportRounds } from "./transport-rounds.js";

/**
 * The time-out for opening a stream, in milliseconds. A proxy may delay the response, or the browser may use a
 * kept-alive connection that is dead. After a network failure without an error, the browser may have several dead
 * connections.
 */
const openTimeoutMs = 10_000;

type StreamParameters = Omit<TransportRequest, "token" | "signal">;

export interface Fallbacks {
  readonly TransportRounds: typeof TransportRounds;
}

export interface StreamOpenerOptions extends RoundsOptions {
  /** Loads the code that is needed after a failure. */
  readonly loadFallbacks: () => Promise<Fallbacks>;
}

/** Opens streams, with a transport that works and a valid token. */
export class StreamOpener {
  readonly #options: StreamOpenerOptions;
  /** Each function ends one stream or attempt. */
  readonly #open = new Set<() => void>();
  /** Loaded after the first stream, or with the first failure. Until then, the first transport is used. */
  #rounds: TransportRounds | undefined;
  #hasOpened = false;
  #isClosed = false;

  constructor(options: StreamOpenerOptions) {
    this.#options = options;
  }

  /** Gets a new token for the next stream. */
  renewToken(): void {
    this.#options.tokens.discard();
  }

  /**
   * The time until the library renews the token, in milliseconds. Resolves with undefined if the library never renews
   * the token.
   */
  async renewInMs(): Promise<number | undefined> {
    const { renewable } = this.#options.tokens;
    return renewable === undefined ? undefined : (await this.#load())?.renewInMs(renewable);
  }

  /** Call this method when the open stream fell silent. Resolves with true if the next attempt uses another transport. */
  async fellSilent(): Promise<boolean> {
    return (await this.#load())?.fellSilent() === true;
  }

  /** Call this method when the network may have changed. */
  networkChanged(): void {
    this.#hasOpened = false;
    this.#rounds?.networkChanged();
  }

  /**
   * Tries one transport after another, as {@link TransportRounds} says. If the code of the rounds cannot be loaded, the
   * network is probably down; the next failure loads it.
   *
   * @throws StreamRefusedError, or NoStreamError with the reason of the first transport
   */
  async open(parameters: StreamParameters): Promise<OpenedStream> {
    const attempt = (index: number): Promise<OpenedStream> => this.#attempt(index, parameters);
    if (this.#rounds !== undefined) return this.#rounds.open(attempt);
    return attempt(0).catch(async (error: unknown) => {
      const rounds = await this.#load();
      if (rounds === undefined) throw error;
      return rounds.open(attempt, error);
    });
  }

  /** Ends all streams and attempts. */
  close(): void {
    this.#isClosed = true;
    for (const close of this.#open) close();
  }

  /** @throws StreamRefusedError or NoStreamError */
  async #attempt(index: number, parameters: StreamParameters): Promise<OpenedStream> {
    if (this.#isClosed) throw new Error("the connection is closed");
    const { transports, tokens } = this.#options;
    const transport = transports[index] ?? transports[0];
    const controller = new AbortController();
    const close = (): void => {
      this.#open.delete(close);
      controller.abort();
    };
    this.#open.add(close);
    const request = { ...parameters, signal: controller.signal };
    try {
      const { next } = await withinTime(tokens.next().then((token) => transport.open({ ...request, token })));
      this.#hasOpened = true;
      if (transports.length > 1) void this.#load();
      return { next, transport: transport.name, heartbeatMs: transport.heartbeatMs, request, close };
    } catch (error) {
      close();
      if (error instanceof StreamRefusedError || isNoStream(error)) throw error;
      throw noStream(reasonText(error), "network");
    }
  }

  async #load(): Promise<TransportRounds | undefined> {
    const fallbacks = await this.#options.loadFallbacks().catch(() => undefined);
    if (fallbacks !== undefined)
      this.#rounds ??= new fallbacks.TransportRounds(this.#options, this.#hasOpened);
    return this.#rounds;
  }
}

/** The result of the attempt, or a failure after the time-out. */
function withinTime(attempt: Promise<OpenStream>): Promise<OpenStream> {
  return new Promise<OpenStream>((resolve, reject) => {
    const stopTimer = startTimer(openTimeoutMs, () =>
      reject(noStream("no stream opened within 10 s", "held")),
    );
    attempt.finally(stopTimer).then(resolve, reject);
  });
}
