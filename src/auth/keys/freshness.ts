/** The longest time for which keys count as current, in milliseconds, so that a withdrawn key soon stops working. */
export const longestFreshMs = 600_000;

/**
 * The shortest time between two loads of a key set, in milliseconds. A token with a wrong signature causes a load, so
 * this time limits the number of requests to an issuer.
 */
export const shortestFreshMs = 30_000;

/**
 * The time for which a response counts as current [RFC 9111 4.2], in milliseconds: its `max-age` less its `Age`, but at
 * least 30 seconds and at most 10 minutes. Without `Cache-Control`, 10 minutes. With `no-store`, `no-cache` or a
 * malformed `max-age`, 30 seconds.
 */
export function freshMsOf(headers: Pick<Headers, "get">): number {
  const directives = (headers.get("cache-control") ?? "").toLowerCase().split(",");
  const seconds = directives.map((text) => secondsOf(text.trim()));
  const age = Number(/^\d+$/.exec(headers.get("age") ?? "")?.[0] ?? 0);
  const ms = (Math.min(...seconds) - age) * 1000;
  return Math.min(longestFreshMs, Math.max(shortestFreshMs, ms));
}

/** The seconds that a directive allows; infinite if it sets no limit. */
function secondsOf(directive: string): number {
  if (directive === "no-store" || directive.startsWith("no-cache")) return 0;
  if (!directive.startsWith("max-age")) return Number.POSITIVE_INFINITY;
  return Number(/^max-age="?(\d+)"?$/.exec(directive)?.[1] ?? 0);
}
