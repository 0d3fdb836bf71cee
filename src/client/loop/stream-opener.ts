import { isNoStream, isRefused } from "../messages/refusal.js";
import { renewInMs } from "../messages/token-renewal.js";
import type { AttemptParameters, OpenedStream, OpenStream, Transports } from "../transports/transport.js";
import { openTimeoutMs, type StreamAttempt, type StreamParameters } from "../connection/stream-attempt.js";
import type { Tokens } from "../connection/tokens.js";
import { TransportChoice } from "./transport-choice.js";
import { reopenTimeoutMs, searchBetter } from "./transport-search.js";

export interface StreamOpenerOptions {
  /** The best transport first. */
  readonly transports: Transports;
  readonly tokens: Tokens;
  readonly attempt: StreamAttempt;
  /** An attempt with the first transport that was made before. The first call of `open` continues with it. */
  readonly first?: Promise<OpenedStream> | undefined;
  /** Called when a better transport works again. The next call of `open` uses this transport. */
  readonly onBetter: () => void;
}

/** Opens streams, with a transport that works and a valid token. */
export class StreamOpener {
  readonly #options: StreamOpenerOptions;
  readonly #choice: TransportChoice;
  #first: Promise<OpenedStream> | undefined;
  #timeoutMs = reopenTimeoutMs;

  constructor(options: StreamOpenerOptions) {
    this.#options = options;
    this.#choice = new TransportChoice(options.transports.length);
    this.#first = options.first;
  }

  /** True until the first call of `open`, if an attempt was made before. */
  get hasFirst(): boolean {
    return this.#first !== undefined;
  }

  /** Gets a new token for the next stream. */
  renewToken(): void {
    this.#options.tokens.discard();
  }

  /** The time until the library renews the token, in milliseconds; undefined if it never does. */
  renewInMs(): number | undefined {
    const { renewable } = this.#options.tokens;
    return renewable === undefined ? undefined : renewInMs(renewable);
  }

  /** As {@link TransportChoice.fellSilent}. */
  fellSilent(): boolean {
    return this.#choice.fellSilent();
  }

  /** As {@link TransportChoice.networkChanged}. */
  networkChanged(): void {
    this.#choice.networkChanged();
  }

  /**
   * Tries one transport after another, as {@link TransportChoice} says.
   *
   * @throws StreamRefusedError, or NoStreamError with the reason of the first transport
   */
  async open(parameters: StreamParameters): Promise<OpenedStream> {
    const { transports, tokens, attempt } = this.#options;
    const retry = (): Promise<OpenedStream> =>
      attempt(transports[this.#choice.next()] ?? transports[0], parameters, this.#timeoutMs);
    let opening = this.#first ?? retry();
    this.#first = undefined;
    let firstReason: string | undefined;
    let isLate = false;
    for (;;) {
      try {
        const stream = await opening.catch((error: unknown) => this.#afterRefusal(error, retry));
        this.#choice.opened();
        this.#timeoutMs = reopenTimeoutMs;
        this.#search(stream.request);
        return stream;
      } catch (error) {
        if (!isNoStream(error)) throw error;
        // Browsers hide why a WebSocket failed, and a gateway between client and hub may check tokens too.
        if (error.trouble === "foreign" || transports[this.#choice.next()]?.name === "websocket")
          tokens.discard();
        error.message = firstReason ??= error.message;
        isLate ||= error.trouble === "held";
        const goesOn = this.#choice.failed(error.trouble, error.retryAfterMs > 0);
        // The network may be slow.
        if (isLate && !goesOn) this.#timeoutMs = openTimeoutMs;
        if (!goesOn) throw error;
        opening = retry();
      }
    }
  }

  /**
   * Tries once more with a new token after a 401. The old token may be revoked, or the clock of this machine may be
   * wrong.
   */
  #afterRefusal<Stream>(error: unknown, retry: () => Promise<Stream>): Promise<Stream> {
    if (isRefused(error) && error.status === 401 && this.#options.tokens.discard()) return retry();
    return Promise.reject(error);
  }

  /** Searches a better transport as long as the stream of this request is open. */
  #search(request: AttemptParameters): void {
    const { transports, tokens, onBetter } = this.#options;
    const open = (index: number, signal: AbortSignal): Promise<OpenStream> => {
      const attempt = async (): Promise<OpenStream> =>
        (transports[index] ?? transports[0]).open({ ...request, signal, token: await tokens.next() });
      return attempt().catch((error: unknown) => this.#afterRefusal(error, attempt));
    };
    void searchBetter({ choice: this.#choice, signal: request.signal, open }, onBetter);
  }
}
