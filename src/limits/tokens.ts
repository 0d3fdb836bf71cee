import { declaredFilterLimits } from "./filters.js";
import { defaultsOf, KiB, type LimitTable, type LimitValues } from "./limit.js";

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
} as const satisfies LimitTable;

/**
 * The limits of a token, and of the tokens that a verifier remembers. `filterBytes` limits each matcher and selector.
 */
export type TokenLimits = LimitValues<typeof declaredTokenLimits> & { readonly filterBytes: number };

export const defaultTokenLimits: TokenLimits = Object.freeze({
  ...defaultsOf(declaredTokenLimits),
  filterBytes: declaredFilterLimits.filterBytes.default,
});
