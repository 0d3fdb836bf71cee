import { pollPath, streamPath, webSocketPath } from "../../protocol.js";
import type { TransportRequest } from "./transport.js";

/** Where a hub is, or a stream at an address of its own. */
export interface Address {
  /** The whole URL. */
  readonly href: string;
  /** The hub's own, with a slash at its end; undefined for a stream at an address of its own, which has no other transport. */
  readonly base: string | undefined;
  /** The filters that the URL named. */
  readonly filters: readonly string[];
  /** The URL of one of the hub's paths, with the rest of the query; for a stream of its own always that. */
  readonly at: (path: string) => string;
}

/**
 * Reads the URL of a hub (`https://example.org/`) or of one of its streams (`…/esupdates?topic=a`); any other path that
 * does not end with a slash is an event stream of its own. Filters in its query are taken out of it; the rest stays.
 *
 * @throws TypeError for a malformed URL
 */
export function parseHubAddress(url: string | URL): Address {
  const { href, origin, pathname, search } = new URL(url, globalThis.location?.href);
  const whole = origin + pathname;
  const pairs = search.slice(1).split("&");
  const topics = pairs.filter((pair) => pair.startsWith(topicIs));
  const rest = pairs.filter((pair) => !topics.includes(pair)).join("&");
  const known = [streamPath, webSocketPath, pollPath, "/"].find((path) => whole.endsWith(path));
  const hub = known && whole.slice(0, -known.length);
  return {
    href,
    base: hub && `${hub}/`,
    filters: topics.map((pair) => decodeURIComponent(pair.slice(topicIs.length))),
    at: (path) => withQuery(hub ? hub + path : whole, rest),
  };
}

const topicIs = "topic=";

/** The URL of a request: with its filters, and what else its transport says in the query. */
export function askedUrl(
  address: string,
  { filters, added }: TransportRequest,
  more: Readonly<Record<string, string>>,
): string {
  const pairs = [
    ...filters.map((filter) => ["topic", filter] as const),
    ...added.map((filter) => ["added", filter] as const),
    ...Object.entries(more),
  ];
  return withQuery(address, pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
}

function withQuery(address: string, query: string): string {
  return query === "" ? address : address + (address.includes("?") ? "&" : "?") + query;
}
