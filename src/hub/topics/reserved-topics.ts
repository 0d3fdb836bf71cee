import { mercurePath } from "../../protocol.js";
import { parseUrl } from "../../base/url/parse-url.js";

/**
 * Base URLs for relative topics. Hubs differ in host and scheme, and the meaning of `https:a` depends on the hub's
 * scheme.
 */
const hubUrls = [`https://hub.invalid${mercurePath}`, `http://hub.invalid${mercurePath}`];

/** Percent escapes of the letters of the hub's last path segment. */
const escapedLetter = /%(?:6[35d]|7[25])/i;

/** An empty path, maybe with a query or fragment. An empty path resolves to the hub's own path. */
const keepsPath = /^ *(?:https?:)? *(?:[?#]|$)/i;

/**
 * True if a topic lies in the hub's own namespace [draft-dunglas-mercure-08 l.366-384]. The check resolves the topic
 * against the hub's URL, removes dot segments and decodes unreserved characters. A topic is reserved if the resulting
 * path is the hub's own path or below that path, on any host. A topic that is not a URL is not reserved.
 */
export function isReservedTopic(topic: string): boolean {
  return topicPaths(topic).some((path) => path === mercurePath || path.startsWith(`${mercurePath}/`));
}

/**
 * True if a topic lies below the hub's own path, where only the hub publishes. The hub's own path is not below itself;
 * `#x` and `?x` resolve to the hub's own path.
 */
export function isBelowHub(topic: string): boolean {
  return topicPaths(topic).some((path) => path.startsWith(`${mercurePath}/`));
}

/**
 * A quick check, which is true for every reserved topic. The check takes 0.1 to 0.4 µs; parsing two URLs takes 6 µs.
 */
function mayBeReserved(topic: string): boolean {
  return (
    topic.includes("mercure") || (topic.includes("%") && escapedLetter.test(topic)) || keepsPath.test(topic)
  );
}

/** The topic's paths for a hub with https and for a hub with http; empty if the topic cannot be reserved. */
function topicPaths(topic: string): readonly string[] {
  if (!mayBeReserved(topic)) return [];
  // The URL parser removes dot segments, also dots that are written as %2e.
  return hubUrls.flatMap((hubUrl) => {
    const url = parseUrl(topic, hubUrl);
    return url === undefined ? [] : [decodeUnreserved(url.pathname)];
  });
}

/**
 * Decodes the percent escapes of letters, digits, `-`, `.`, `_` and `~`, which mean the same as the characters [RFC
 * 3986 2.3].
 */
function decodeUnreserved(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape;
  });
}
