import { objectFields } from "../messages/json.js";

/**
 * A token, or a function that returns a token. The library calls the function before the first stream, before the token
 * expires, and after a 401.
 */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/**
 * The library renews a token at most this time before the expiry, in milliseconds. The time is enough for a slow token
 * server.
 */
const maxLeadMs = 60_000;

/** The longest delay of a timer, in milliseconds [HTML 8.6: a 32-bit number]. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * The shortest renewal time, in milliseconds. Without this minimum, the library would call a function that always
 * returns the same token in a tight loop.
 */
const minRenewMs = 1000;

/** Caches the token until the server refuses it, or until it is about to expire. */
export class Tokens {
  readonly #source: TokenSource | undefined;
  #cached: string | undefined;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
  }

  /**
   * The token for the next request; undefined for none.
   *
   * @throws the error of the program's token function
   */
  async current(): Promise<string | undefined> {
    if (typeof this.#source !== "function") return this.#source;
    if (this.#cached === undefined || remainingMs(this.#cached) <= 0) this.#cached = await this.#source();
    return this.#cached;
  }

  /**
   * Discards the cached token, so that the next request gets a new one. Returns false if the token is a fixed string.
   */
  discard(): boolean {
    this.#cached = undefined;
    return typeof this.#source === "function";
  }

  /**
   * The time until the library requests the next token, in milliseconds. The library renews a token before its expiry.
   * The lead time, from the renewal to the expiry, is a fifth of the remaining time, but at most a minute. A random
   * part of up to a tenth is added to the lead time, so that tokens issued together are not renewed together. The
   * result is undefined if the token is a fixed string, does not expire, or expires too soon.
   */
  renewInMs(): number | undefined {
    if (typeof this.#source !== "function") return undefined;
    const left = remainingMs(this.#cached);
    const renewInMs = left - Math.min(maxLeadMs, left / 5) * (1 + Math.random() / 10);
    // For a token without an expiry, `renewInMs` is NaN, and the comparison is false.
    return renewInMs >= minRenewMs ? Math.min(maxTimerMs, renewInMs) : undefined;
  }
}

/** Milliseconds until the `exp` of a JWT by this machine's clock; NaN for a token without a readable `exp`. */
function remainingMs(token = ""): number {
  const [, claims = ""] = token.split(".");
  try {
    const { exp } = objectFields(JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))));
    return Number(exp) * 1000 - Date.now();
  } catch {
    // The token is not a JWT.
    return Number.NaN;
  }
}
