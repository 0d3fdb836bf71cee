import { noStream } from "../messages/refusal.js";
import { reasonText } from "../transports/transport.js";

/**
 * A token, or a function that returns a token. The library calls the function before the first stream, before the token
 * expires, and after a 401.
 */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** Caches the token until the server refuses it, or until it is about to expire. */
export class Tokens {
  readonly #source: TokenSource | undefined;
  #cached: string | undefined;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
  }

  /** The cached token, if its source is a function: only such a token can be renewed. */
  get renewable(): string | undefined {
    return this.#cached;
  }

  /**
   * The token for the next request; undefined for none.
   *
   * @throws NoStreamError with the error of the program's token function. No transport works without a token, so the
   *   round of attempts ends.
   */
  next(): Promise<string | undefined> {
    return this.current().catch((error: unknown) => {
      throw noStream(`no token: ${reasonText(error)}`, "busy", 1);
    });
  }

  /**
   * The token for another connection, which reports errors itself.
   *
   * @throws the error of the program's token function
   */
  async current(): Promise<string | undefined> {
    if (typeof this.#source !== "function") return this.#source;
    if (this.#cached === undefined) {
      const token: unknown = (await this.#source()) ?? undefined;
      if (token !== undefined && typeof token !== "string") throw new TypeError("the token is not a text");
      this.#cached = token;
    }
    return this.#cached;
  }

  /**
   * Discards the cached token, so that the next request gets a new one. Returns false if the token is a fixed string.
   */
  discard(): boolean {
    this.#cached = undefined;
    return typeof this.#source === "function";
  }
}
