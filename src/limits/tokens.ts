import { declaredFilterLimits } from "./filters.js";
import { defaultsOf, GiB, KiB, MiB, type LimitTable, type LimitValues } from "./limit.js";

const refused = "The hub refuses the token.";

/** Limits on access tokens. */
export const declaredTokenLimits = {
  bytes: {
    from: 256,
    to: 64 * KiB,
    unit: "bytes",
    default: 12 * KiB,
    help: "Length of an access token.",
    above: refused,
    why: "Three quarters of `headBytes`.",
    reload: true,
  },
  details: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Authorization details in one token.",
    above: refused,
    why: "The limit of the Mercure reference hub.",
    reload: true,
  },
  topics: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Topic matchers in one authorization detail.",
    above: refused,
    why: "The limit of the Mercure reference hub.",
    reload: true,
  },
  selectors: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 1000,
    help: "Topic selectors in one list of the older `mercure` claim.",
    above: refused,
    why: "The limit of the Mercure reference hub.",
    reload: true,
  },
  remembered: {
    from: 0,
    to: 1_000_000,
    unit: "",
    default: 1000,
    help: "Cache of accepted tokens. The hub does not verify a cached token again for one minute; 0 = no cache.",
    above: "The hub removes the oldest tokens from the cache.",
    why: "About 2 KB each: 2 MB.",
    reload: true,
  },
  revocationBytes: {
    from: 64 * KiB,
    to: GiB,
    unit: "bytes",
    default: 16 * MiB,
    help: "Memory for the list of revoked tokens: 300 bytes for each entry, and 4 for each character of its texts.",
    above: "The hub refuses further revocations with 503 `too-many-revocations`.",
    why: "About 30,000 entries with a `jti` of 36 characters.",
    reload: true,
  },
  revocationSeconds: {
    from: 60,
    to: 315_360_000,
    unit: "seconds",
    default: 2_592_000,
    help: "Longest life of a token. A revocation without `exp` ends after this time.",
    above: "Tokens that live longer are accepted again.",
    why: "30 days. Most issuers give tokens for hours.",
    reload: true,
  },
} as const satisfies LimitTable;

/**
 * The limits of a token, and of the tokens that a verifier remembers. `filterBytes` limits each matcher and selector.
 */
export type TokenLimits = LimitValues<typeof declaredTokenLimits> & { readonly filterBytes: number };

export const defaultTokenLimits: TokenLimits = Object.freeze({
  ...defaultsOf(declaredTokenLimits),
  filterBytes: declaredFilterLimits.filterBytes.default,
});
