import { pollPath, streamPath } from "../protocol.js";
import type { StreamRequest } from "./transport.js";

const socketPath = "/ws";

/** Where a hub's streams are; a stream at an address of its own has no other transport. */
export interface Addresses {
  /** The whole URL. */
  readonly href: string;
  readonly stream: string;
  readonly socket?: string;
  readonly poll?: string;
  /** The hub's own, with a slash at its end; undefined for a stream at an address of its own. */
  readonly base?: string;
  /** The filters that the URL named. */
  readonly filters: readonly string[];
}

/**
 * Reads the URL of a hub (`https://example.org/`) or of one of its streams (`…/esupdates?topic=a`); any other path that
 * does not end with a slash is an event stream of its own. Filters in its query are taken out of it; the rest stays.
 *
 * @throws TypeError for a malformed URL
 */
export function parseAddress(url: string | URL): Addresses {
  const { href, origin, pathname, search } = new URL(url, globalThis.location?.href);
  const pairs = search.slice(1).split("&").filter(Boolean);
  const topics = pairs.filter((pair) => pair.startsWith("topic="));
  const filters = topics.map((pair) => decodeURIComponent(pair.slice("topic=".length)));
  const rest = pairs.filter((pair) => !topics.includes(pair)).join("&");
  const base = baseOf(origin + pathname);
  const at = (path: string): string => withQuery(`${base}${path}`, rest);
  if (base === undefined) return { href, stream: withQuery(origin + pathname, rest), filters };
  const socket = at(socketPath).replace(/^http/, "ws");
  return { href, stream: at(streamPath), socket, poll: at(pollPath), base: `${base}/`, filters };
}

/** The query of a request. `cursor` is the parameter that resumes, where no header does. */
export function askedUrl(
  address: string,
  request: StreamRequest,
  more: readonly (readonly [name: string, value: string])[],
): string {
  const pairs = [
    ...request.filters.map((filter) => ["topic", filter] as const),
    ...request.added.map((filter) => ["added", filter] as const),
    ...more,
  ];
  return withQuery(address, pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
}

function baseOf(address: string): string | undefined {
  const known = [streamPath, socketPath, pollPath, "/"].find((path) => address.endsWith(path));
  return known === undefined ? undefined : address.slice(0, -known.length);
}

function withQuery(address: string, query: string): string {
  return query === "" ? address : `${address}${address.includes("?") ? "&" : "?"}${query}`;
}
