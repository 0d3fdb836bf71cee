import { pollPath, streamPath, webSocketPath } from "../../protocol.js";
import { shown } from "../messages/filter-list.js";
import type { TransportRequest } from "./transport.js";

/** The address of a hub, or of a stream at a custom URL. */
export interface Address {
  /** The whole URL. */
  readonly href: string;
  /** The hub's URL, ending with a slash; undefined for a stream at a custom URL, which supports only event streams. */
  readonly base: string | undefined;
  /** The filters in the URL. */
  readonly filters: readonly string[];
  /**
   * The URL of one of the hub's paths, with the remaining query. For a stream at a custom URL, the result is always
   * this custom URL.
   */
  readonly urlOf: (path: string) => string;
}

/**
 * Parses the URL of a hub (`https://example.org/`) or of one of its streams (`…/esupdates?topic=a`). Any other path
 * that does not end with a slash is an event stream at a custom URL. The function removes the filters from the query.
 * The other parameters of the query stay.
 *
 * @throws TypeError for a malformed URL
 */
export function parseHubAddress(url: string | URL): Address {
  try {
    return parse(new URL(url, globalThis.location?.href));
  } catch {
    throw new TypeError(
      `${shown(url)} is not the URL of a hub: http:// or https:// without a user name, or a path on a page`,
    );
  }
}

/** @throws Error for a URL without a scheme of the web, with a user name, or with an invalid percent-encoding */
function parse({ href, origin, pathname, search, username }: URL): Address {
  // The origin of a URL of another scheme is not a URL.
  if (username || !origin.startsWith("http")) throw new Error();
  const whole = origin + pathname;
  const pairs = search.slice(1).split("&");
  const topics = pairs.filter((pair) => pair.startsWith(topicPrefix));
  const rest = pairs.filter((pair) => !topics.includes(pair)).join("&");
  const known = [streamPath, webSocketPath, pollPath, "/"].find((path) => whole.endsWith(path));
  const hub = known && whole.slice(0, -known.length);
  return {
    href,
    base: hub && `${hub}/`,
    filters: topics.map((pair) => decodeURIComponent(pair.slice(topicPrefix.length))),
    urlOf: (path) => withQuery(hub ? hub + path : whole, rest),
  };
}

const topicPrefix = "topic=";

/** The URL of a request, with its filters and the query parameters of its transport. */
export function requestUrl(
  address: string,
  { filters, added }: TransportRequest,
  parameters: Readonly<Record<string, string>>,
): string {
  const pairs = [
    ...filters.map((filter) => ["topic", filter] as const),
    ...added.map((filter) => ["added", filter] as const),
    ...Object.entries(parameters),
  ];
  return withQuery(address, pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
}

function withQuery(address: string, query: string): string {
  return query === "" ? address : address + (address.includes("?") ? "&" : "?") + query;
}
