import { PharosError } from "../base/errors.js";
import { mercurePath, publishPath } from "../protocol.js";

/** Where a hub takes publications over HTTP. */
export interface HubUrls {
  /** The hub's own URL, which takes a form. */
  readonly hub: string;
  /** Where it takes lines of JSON; undefined when the hub's path does not tell. */
  readonly lines: string | undefined;
}

const allowed = `allowed is http:// or https://, for instance http://127.0.0.1:8080${mercurePath}`;

/**
 * Reads the URL of a hub; for a bare origin its path is `/.well-known/mercure`.
 *
 * @throws PharosError `bad-endpoint` for anything but http and https, and for a URL with a password in it
 */
export function parseHubUrl(text: string): HubUrls {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new PharosError("bad-endpoint", `${JSON.stringify(text)} is not the URL of a hub; ${allowed}`);
  if (url.username !== "" || url.password !== "")
    throw new PharosError("bad-endpoint", "the URL of a hub holds no user name or password; give a token");
  url.hash = "";
  if (url.pathname === "/") url.pathname = mercurePath;
  if (!url.pathname.endsWith(mercurePath)) return { hub: url.href, lines: undefined };
  const lines = new URL(url);
  lines.pathname = url.pathname.slice(0, -mercurePath.length) + publishPath;
  return { hub: url.href, lines: lines.href };
}
