import { objectFields } from "../messages/json.js";

/** A token, or what brings one: called before the first stream, before its token expires, and when it was refused. */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

/** Time enough for a server that issues tokens to be slow, in milliseconds. */
const maxLeadMs = 60_000;

/** What a timer can wait, in milliseconds [HTML 8.6: a 32-bit number]. */
const maxTimerMs = 2 ** 31 - 1;

/** No sooner than this, in milliseconds: a callback that returns the same token again would be called in a tight loop. */
const minRenewMs = 1000;

/** Keeps the token until it is refused, or about to expire. */
export class Tokens {
  readonly #source: TokenSource | undefined;
  #held: string | undefined;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
  }

  /**
   * The token to ask with; undefined for none.
   *
   * @throws whatever the callback throws
   */
  async current(): Promise<string | undefined> {
    if (typeof this.#source !== "function") return this.#source;
    if (this.#held === undefined || remainingMs(this.#held) <= 0) this.#held = await this.#source();
    return this.#held;
  }

  /** Asks for another one next time; false where there is no other. */
  forget(): boolean {
    this.#held = undefined;
    return typeof this.#source === "function";
  }

  /**
   * When to ask for the next one, in milliseconds: a fifth of what is left before its end, at most a minute; undefined when
   * it does not expire, or too soon, or cannot be renewed. A tenth of it is drawn: clients whose tokens were issued together would renew together.
   */
  renewInMs(): number | undefined {
    if (typeof this.#source !== "function") return undefined;
    const left = remainingMs(this.#held);
    const renewInMs = left - Math.min(maxLeadMs, left / 5) * (1 + Math.random() / 10);
    // What is no number neither expires nor passes here.
    return renewInMs >= minRenewMs ? Math.min(maxTimerMs, renewInMs) : undefined;
  }
}

/** Until `exp` of a JWT by this machine's clock; NaN for what is not one, or says none. */
function remainingMs(token = ""): number {
  const [, claims = ""] = token.split(".");
  try {
    const { exp } = objectFields(JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))));
    return Number(exp) * 1000 - Date.now();
  } catch {
    // A token that cannot be looked into.
    return Number.NaN;
  }
}
