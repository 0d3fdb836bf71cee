/** The id of the request in an error response. The hub's log contains the same id. */
export const requestId = /^urn:uuid:[0-9a-f-]{36}$/;

/** The bytes of a request, without the headers whose value is `undefined`. */
export function requestBytes(options: {
  readonly method?: string;
  /** @default "/esupdates" */
  readonly path?: string;
  /** @default "HTTP/1.1" */
  readonly version?: string;
  /** Further headers, in addition to `Host: localhost`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}): string {
  const { method = "GET", path = "/esupdates", version = "HTTP/1.1", headers = {}, body = "" } = options;
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} ${version}`, ...lines, "", body].join("\r\n");
}

/** A complete response. */
export interface ResponseText {
  readonly status: number;
  /** Names are in lower case; the values of repeated headers are joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The bytes after the response. */
  readonly rest: string;
}

/**
 * Parses the first response. Returns undefined while the response is incomplete. If the response has no
 * `Content-Length`, `body` is empty and `rest` is everything after the response head.
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
