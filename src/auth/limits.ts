/** Limits of a token and of the cache of the verifier. A token over one of them is refused. */
export interface TokenLimits {
  /** Bytes of a token in its encoded form. */
  readonly bytes: number;
  /** Authorization details for Mercure hubs in one token. */
  readonly details: number;
  /** Topic matchers of one authorization detail. */
  readonly topics: number;
  /** Topic selectors in each list of the `mercure` claim. */
  readonly selectors: number;
  /** Bytes of one matcher or selector. */
  readonly filterBytes: number;
  /** Accepted tokens in the cache; 0 turns the cache off. */
  readonly remembered: number;
}

/**
 * The defaults. A token may fill three quarters of a request head (16 KiB); its counts are those that the reference
 * hub takes, and a matcher is as long as a filter may be. A remembered token holds about 2 KB: 2 MB in all.
 */
export const defaultTokenLimits: TokenLimits = Object.freeze({
  bytes: 12_288,
  details: 100,
  topics: 100,
  selectors: 1000,
  filterBytes: 1024,
  remembered: 1000,
});
