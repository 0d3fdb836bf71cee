import { objectFields } from "./json.js";

/**
 * The library renews a token at most this time before the expiry, in milliseconds. The time is enough for a slow token
 * server.
 */
const maxLeadMs = 60_000;

/**
 * The shortest renewal time, in milliseconds. Without this minimum, the library would call a function that always
 * returns the same token in a tight loop.
 */
const minRenewMs = 1000;

/**
 * The time until the library requests the next token, in milliseconds. The library renews a token before its expiry.
 * The lead time, from the renewal to the expiry, is a fifth of the remaining time, but at most a minute. A random part
 * of up to a tenth is added to the lead time, so that tokens issued together are not renewed together. The result is
 * undefined if the token does not expire, or expires too soon.
 */
export function renewInMs(token: string): number | undefined {
  const left = remainingMs(token);
  const renewInMs = left - Math.min(maxLeadMs, left / 5) * (1 + Math.random() / 10);
  // For a token without an expiry, `renewInMs` is NaN, and the comparison is false.
  return renewInMs >= minRenewMs ? renewInMs : undefined;
}

/** Milliseconds until the `exp` of a JWT by this machine's clock; NaN for a token without a readable `exp`. */
function remainingMs(token: string): number {
  const [, claims = ""] = token.split(".");
  try {
    const { exp } = objectFields(JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))));
    return Number(exp) * 1000 - Date.now();
  } catch {
    // The token is not a JWT.
    return Number.NaN;
  }
}
