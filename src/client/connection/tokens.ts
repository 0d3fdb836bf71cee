import { objectFields } from "../messages/json.js";

/**
 * A token, or a function that returns one. It is called before the first stream, before the token expires, and after
 * a 401.
 */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** The longest lead before a token expires, in milliseconds: enough for a slow token server. */
const maxLeadMs = 60_000;

/** The longest delay of a timer, in milliseconds [HTML 8.6: a 32-bit number]. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * The shortest renewal time, in milliseconds. A function that always returns the same token would be called in a
 * tight loop.
 */
const minRenewMs = 1000;

/** Caches the token until the server refuses it, or it expires soon. */
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

  /** Discards the cached token, so that the next request gets a new one. Returns false if the token is fixed. */
  discard(): boolean {
    this.#cached = undefined;
    return typeof this.#source === "function";
  }

  /**
   * The time until the next token is requested, in milliseconds: a fifth of the remaining time before the expiry, at
   * most a minute. A random tenth is added to this lead, because tokens issued together would be renewed together.
   * undefined if the token is fixed, does not expire, or expires too soon.
   */
  renewInMs(): number | undefined {
    if (typeof this.#source !== "function") return undefined;
    const left = remainingMs(this.#cached);
    const renewInMs = left - Math.min(maxLeadMs, left / 5) * (1 + Math.random() / 10);
    // NaN, for a token without an expiry, fails this comparison.
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
