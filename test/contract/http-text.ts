/** How a refusal names its request, for whoever looks for it in the log. */
export const requestId = /^urn:uuid:[0-9a-f-]{36}$/;

/** A request as bytes on the wire; a header whose value is `undefined` is left out. */
export function requestBytes(options: {
  readonly method?: string;
  /** @default "/esupdates" */
  readonly path?: string;
  /** @default "HTTP/1.1" */
  readonly version?: string;
  /** Beside `Host: localhost`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}): string {
  const { method = "GET", path = "/esupdates", version = "HTTP/1.1", headers = {}, body = "" } = options;
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} ${version}`, ...lines, "", body].join("\r\n");
}

/** A whole response, read off the bytes of a connection. */
export interface ResponseText {
  readonly status: number;
  /** Names in lower case, repeated ones joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The bytes after it. */
  readonly rest: string;
}

/**
 * Reads the first response; undefined while it is not complete. One without `Content-Length` has no body here, and what
 * follows its head is the rest.
 */
export function parseResponse(
  text: string,
  options: { readonly toHead?: boolean } = {},
): ResponseText | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3}) [A-Z][A-Za-z ]*$/.exec(statusLine)?.[1];
  if (status === undefined)
    throw new Error(`a response was to begin here, not ${JSON.stringify(text.slice(0, 80))}`);
  const headers = parseHeaders(lines);
  const length = options.toHead === true ? 0 : Number(headers.get("content-length") ?? 0);
  const body = text.slice(end + 4, end + 4 + length);
  if (body.length < length) return undefined;
  return { status: Number(status), headers, body, rest: text.slice(end + 4 + length) };
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(": ");
    if (colon < 0) throw new Error(`this is no header: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon).toLowerCase();
    const before = headers.get(name);
    headers.set(name, `${before === undefined ? "" : `${before}, `}${line.slice(colon + 2)}`);
  }
  return headers;
}
