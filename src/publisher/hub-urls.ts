import { PharosError } from "../base/errors.js";
import { mercurePath, publishPath } from "../protocol.js";
import { parseUrl } from "../base/url/parse-url.js";

/** The URLs at which a hub accepts publications over HTTP. */
export interface HubUrls {
  /** The URL of the hub, for a publication as a form. */
  readonly hub: string;
  /** The URL for lines of JSON; undefined if the path of the hub does not determine this URL. */
  readonly lines: string | undefined;
}

const allowed = `allowed is http:// or https://, for instance http://127.0.0.1:8080${mercurePath}`;

/**
 * Parses the URL of a hub. A URL that ends with a slash is the folder of a hub: `https://example.org/live/` becomes
 * `https://example.org/live/.well-known/mercure`.
 *
 * @throws PharosError `bad-endpoint` for schemes other than http and https, and for a URL with a user name or password
 */
export function parseHubUrl(text: string): HubUrls {
  const url = parseUrl(text);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new PharosError("bad-endpoint", `${JSON.stringify(text)} is not the URL of a hub; ${allowed}`);
  if (url.username !== "" || url.password !== "")
    throw new PharosError(
      "bad-endpoint",
      "the URL of a hub must not contain a user name or password; use a token",
    );
  url.hash = "";
  if (url.pathname.endsWith("/")) url.pathname += mercurePath.slice(1);
  if (!url.pathname.endsWith(mercurePath)) return { hub: url.href, lines: undefined };
  const lines = new URL(url);
  lines.pathname = url.pathname.slice(0, -mercurePath.length) + publishPath;
  return { hub: url.href, lines: lines.href };
}
