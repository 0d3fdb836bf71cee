import { streamUrl } from "./address.js";

/** A server or a proxy that does not answer in this time does not refuse the filters. */
const timeoutMs = 3_000;

/** The page asks for each filter of a refused list. Above this number of new filters, it refuses all of them at once. */
const mostAsked = 20;

/**
 * Asks the hub which of these filters it refuses. Resolves with the `accepted` filters and, if the hub refuses some, with
 * `refused` and the hub's `reason`. Filters in `known` are part of the stream already. Never rejects.
 */
export async function checkFilters(filters, { known, token }) {
  const fresh = filters.filter((filter) => !known.includes(filter));
  const whole = fresh.length > 0 ? await refusalOf(filters, token) : undefined;
  if (whole === undefined) return { accepted: filters, refused: [] };
  const refused = [];
  let reason;
  for (const filter of fresh.length <= mostAsked ? fresh : []) {
    const detail = await refusalOf([filter], token);
    if (detail === undefined) continue;
    reason ??= detail;
    refused.push(filter);
  }
  // No filter alone is at fault: together they are too many or too long.
  if (refused.length === 0) refused.push(...fresh);
  return {
    accepted: filters.filter((filter) => !refused.includes(filter)),
    refused,
    reason: reason ?? whole,
  };
}

/** The hub's reason for refusing the filters. Undefined if the hub accepts them, or refuses for another reason. */
async function refusalOf(filters, token) {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), timeoutMs);
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const reply = await fetch(streamUrl(filters), { headers, cache: "no-store", signal: ended.signal });
    if (reply.status === 414 || reply.status === 431) return "The filters are too long for a URL.";
    if (reply.status !== 400) return undefined;
    const { title, detail } = await reply.json();
    return title === "bad-filter" ? String(detail) : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}
