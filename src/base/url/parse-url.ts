/**
 * Parses a URL, relative to `base` if there is one. Undefined if the text is not a URL.
 *
 * Do not use `URL.canParse`: Node 20 compiles it after some thousand calls, and then returns false for each absolute URL
 * with a character from U+0080 to U+00FF [seen with Node 20.20].
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
