import { z } from "zod";
import { parseUrl } from "../../base/url/parse-url.js";

const allowed =
  "an origin as browsers send it, for instance https://example.org or capacitor://localhost; one * for the first part of the host or for the port, for instance https://*.example.org; null; or * for every origin";

/**
 * An origin of pages, in the form in which browsers send it. The hub compares origins as text. For a near miss, the
 * message of the issue says what to write instead.
 */
export const pageOrigin = z.string({ error: allowed }).superRefine((text, context) => {
  if (isAllowed(text)) return;
  const better = suggestionFor(text);
  const hint = better === undefined ? "" : `. Write ${better}`;
  context.addIssue({ code: "custom", message: `${allowed}${hint}` });
});

function isAllowed(text: string): boolean {
  return text === "*" || text === "null" || isOrigin(text) || isPattern(text);
}

/** Schemes whose origins a browser sends only in another form, or never. */
const otherSchemes = /^(?:wss?|blob|data|about|javascript):/;

/** An origin of a scheme that browsers do not parse as a web address. Only `file` has no host. */
const appOrigin = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~-]+(?::(\d{1,5}))?$/;

function isOrigin(text: string): boolean {
  if (/^https?:/.test(text)) return !text.includes("*") && originOf(text) === text;
  if (text === "file://") return true;
  const port = Number(appOrigin.exec(text)?.[1] ?? 0);
  return appOrigin.test(text) && port <= 65_535 && !otherSchemes.test(text);
}

function originOf(text: string): string | undefined {
  return /^https?:/.test(text) ? parseUrl(text)?.origin : undefined;
}

/**
 * True if `*` stands for the port, for a host of an app's scheme, or for the first part of a host. After the first part
 * comes a name with a dot, so that nobody can register a host that matches by accident: `https://*example.org` would
 * match `https://evil-example.org`, and `https://example.*` would match `https://example.evil.org`.
 */
function isPattern(text: string): boolean {
  const [before = "", after = "", ...others] = text.split("*");
  if (others.length > 0 || !text.includes("*")) return false;
  if (after === "" && before.endsWith(":")) return isOrigin(before.slice(0, -1));
  if (after === "" && before.endsWith("://")) return !before.startsWith("http") && isOrigin(`${before}a`);
  return /^[.-]/.test(after) && /\.[^.]/.test(after) && isOrigin(`${before}a${after}`);
}

/** The origin that the operator probably means; undefined if no guess is allowed. */
function suggestionFor(given: string): string | undefined {
  const [first = "", ...others] = given
    .toLowerCase()
    .replaceAll(/["'\\]/g, " ")
    .trim()
    .split(/[\s,;]+/);
  const address = first.replace(/^(?:ws|http)(s?):\/*/, "http$1://");
  const scheme = /^(?:localhost|127\.|\[::1\])/.test(address) ? "http" : "https";
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//.test(address) ? address : `${scheme}://${address}`;
  const bare = withScheme.replace(/^([^/]*\/\/)(?:[^/?#]*@)?([^/?#]*).*$/s, "$1$2");
  const withoutPort = bare.replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2");
  const guesses = [
    address,
    withoutPort,
    originOf(withoutPort) ?? "",
    withoutPort.replace(/\*(?=[a-z0-9])/, "*."),
    withoutPort.replace(/(?<=[a-z0-9])\*$/, ":*"),
    withoutPort.replace(/^https?:\/\/\*$/, "*"),
  ];
  const guess = guesses.find(isAllowed);
  return guess === undefined || others.length === 0 ? guess : `${guess}, and each further origin by itself`;
}
