import { isNoStream } from "../messages/refusal.js";
import type { AttemptParameters, OpenedStream, OpenStream, Transports } from "../transports/transport.js";
import type { Tokens } from "./tokens.js";
import { renewInMs } from "../messages/token-renewal.js";
import { TransportChoice } from "./transport-choice.js";
import { searchBetter } from "./transport-search.js";

/** Makes one attempt with the transport of this number. Rejects with StreamRefusedError or NoStreamError. */
type Attempt = (transport: number) => Promise<OpenedStream>;

export interface RoundsOptions {
  /** The best transport first. */
  readonly transports: Transports;
  readonly tokens: Tokens;
  /** Called when a better transport works again. The next call of `open` uses this transport. */
  readonly onBetter: () => void;
}

/** Opens streams after the first one or after a failure: with another transport, or with a new token. */
export class TransportRounds {
  readonly #options: RoundsOptions;
  readonly #choice: TransportChoice;

  /** @param hasWorked true if the first transport has opened a stream */
  constructor(options: RoundsOptions, hasWorked: boolean) {
    this.#options = options;
    this.#choice = new TransportChoice(options.transports.length, hasWorked);
  }

  /** The time until the library renews the token, in milliseconds; undefined if it never does. */
  renewInMs(token: string): number | undefined {
    return renewInMs(token);
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
   * Tries one transport after another, as {@link TransportChoice} says. `failure` is the error of an attempt with the
   * first transport that was made before.
   *
   * @throws StreamRefusedError, or NoStreamError with the reason of the first transport
   */
  async open(attempt: Attempt, failure?: unknown): Promise<OpenedStream> {
    const retry = (): Promise<OpenedStream> => attempt(this.#choice.next());
    let opening = failure === undefined ? retry() : Promise.reject(failure);
    let firstReason: string | undefined;
    for (;;) {
      try {
        const stream = await opening.catch((error: unknown) => this.#afterRefusal(error, retry));
        this.#choice.opened();
        this.#search(stream.request);
        return stream;
      } catch (error) {
        if (!isNoStream(error)) throw error;
        // Browsers hide why a WebSocket failed, and a gateway between client and hub may check tokens too.
        const { transports, tokens } = this.#options;
        if (error.trouble === "foreign" || transports[this.#choice.next()]?.name === "websocket")
          tokens.discard();
        error.message = firstReason ??= error.message;
        if (!this.#choice.failed(error.trouble, error.retryAfterMs > 0)) throw error;
        opening = retry();
      }
    }
  }

  /**
   * Tries once more with a new token after a 401. The old token may be revoked, or the clock of this machine may be
   * wrong.
   */
  #afterRefusal<Stream>(error: unknown, retry: () => Promise<Stream>): Promise<Stream> {
    const isUnauthorized = error instanceof Error && "status" in error && error.status === 401;
    if (isUnauthorized && this.#options.tokens.discard()) return retry();
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
