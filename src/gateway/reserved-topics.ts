/**
 * Whether a topic lies in the hub's own namespace [draft-dunglas-mercure-08 l.366-384]: resolved against the hub's URL,
 * with dot segments removed and unreserved characters decoded, its path is the hub's or below it, on whatever host.
 * What is no URL is not reserved.
 */
export function isReservedTopic(topic: string, hubUrl: string): boolean {
  if (!URL.canParse(topic, hubUrl)) return false;
  const hubPath = decodeUnreserved(new URL(hubUrl).pathname);
  // The URL parser has removed dot segments, those written %2e too.
  const path = decodeUnreserved(new URL(topic, hubUrl).pathname);
  return path === hubPath || path.startsWith(`${hubPath}/`);
}

/** Percent escapes of letters, digits, `-`, `.`, `_` and `~` mean the same as the characters [RFC 3986 2.3]. */
function decodeUnreserved(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape;
  });
}
