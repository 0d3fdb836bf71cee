import type { Grants, TokenVerifier, Verdict } from "../../src/auth/grants/grants.js";
import { allTopics, parseExactFilter } from "../../src/hub/filters/filter.js";
import type { ScheduledClock } from "./scheduled-clock.js";

/** The tokens of the clients, and whose private publications each may read. */
export const tokens = {
  none: [],
  "reads-a": ["a"],
  "reads-b": ["b"],
  "reads-all": ["*"],
  /** Ends 700 ms after its verification. */
  "reads-a-briefly": ["a"],
} as const;

export type Token = keyof typeof tokens;
export const tokenNames = Object.keys(tokens) as readonly Token[];
const briefMs = 700;

/** True if the token allows its client to read a private publication with these topics. */
export function mayReadPrivate(token: Token, topics: readonly string[]): boolean {
  const granted: readonly string[] = tokens[token];
  return granted.includes("*") || topics.some((topic) => granted.includes(topic));
}

/** Verifies tokens when the schedule says, as with keys that have to be loaded. */
export class ScheduledVerifier implements TokenVerifier {
  readonly #clock: ScheduledClock;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: ScheduledClock) {
    this.#clock = clock;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  verify(token: string): Promise<Verdict> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.#verdictOn(token))));
  }

  /** Ends the verification that waits longest. */
  next(): void {
    this.#waiting.shift()?.();
  }

  #verdictOn(token: string): Verdict {
    if (!Object.hasOwn(tokens, token)) return { ok: false, reason: "made up" };
    return { ok: true, grants: this.#grantsOf(token as Token) };
  }

  #grantsOf(token: Token): Grants {
    return {
      form: "current",
      publish: [],
      mayPublish: false,
      subscribe: tokens[token].map((topic) => (topic === "*" ? allTopics : parseExactFilter(topic))),
      expiresAtMs: token === "reads-a-briefly" ? this.#clock.now() + briefMs : undefined,
      issuer: undefined,
      subject: token,
      payloadFor: () => undefined,
    };
  }
}
