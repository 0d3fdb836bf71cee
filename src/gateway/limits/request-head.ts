import { PharosError } from "../../base/errors.js";

/** The head of a request as Node's HTTP server has parsed it: an `IncomingMessage`. */
export interface ParsedHead {
  /** Names and values in turn, in the order and the spelling of the request. */
  readonly rawHeaders: readonly string[];
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
}

export interface HeadLimits {
  /** The most bytes of the request target and of all names and values. */
  readonly headBytes: number;
  /** The most header lines. */
  readonly headerLines: number;
}

/**
 * The settings for Node's HTTP server. Node stores one line more than allowed, and drops further lines. So Node's
 * memory is limited, and {@link RequestHead.faultOf} still recognizes each head with too many lines. Node parses heads
 * up to twice the limit of bytes, so that the error response can have the CORS headers for the request's origin.
 */
export function nodeHeadLimits({ headBytes, headerLines }: HeadLimits): {
  readonly maxHeaderSize: number;
  readonly maxHeadersCount: number;
} {
  return { maxHeaderSize: 2 * headBytes, maxHeadersCount: headerLines + 1 };
}

/**
 * The headers of a request, for all checks of a front. Node's own `headers` has other rules: for many names it silently
 * drops the second line.
 */
export class RequestHead {
  readonly #message: ParsedHead;
  readonly #values = new Map<string, string[]>();

  constructor(message: ParsedHead) {
    this.#message = message;
    const { rawHeaders } = message;
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      this.#add(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  }

  /**
   * The value of a header by its lower-case name, with one character for each byte. Repeated lines are joined with
   * `, `, repeated `cookie` lines with `; `.
   */
  value(name: string): string | undefined {
    const values = this.#values.get(name);
    return values === undefined || values.length === 1
      ? values?.[0]
      : values.join(name === "cookie" ? "; " : ", ");
  }

  /** The names in lower case, without duplicates. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** True for HTTP/1.1 and later versions. */
  get isCurrent(): boolean {
    const { httpVersionMajor, httpVersionMinor } = this.#message;
    return httpVersionMajor > 1 || (httpVersionMajor === 1 && httpVersionMinor > 0);
  }

  /** True if the request has a body, possibly of 0 bytes. */
  get hasBody(): boolean {
    return this.value("transfer-encoding") !== undefined || this.announcedBytes > 0;
  }

  /**
   * True if the body is in chunks: the last coding is `chunked` [RFC 9112 6.3]. Empty elements of the list do not count
   * [RFC 9110 5.6.1].
   */
  get hasChunkedBody(): boolean {
    return /(?:^|,)[ \t]*chunked[ \t,]*$/i.test(this.value("transfer-encoding") ?? "");
  }

  /** The value of `Content-Length`; 0 without this header. */
  get announcedBytes(): number {
    return Number(this.value("content-length") ?? 0);
  }

  /** True if the client sends its body after `100 Continue` only [RFC 9110 10.1.1]. */
  get waitsToContinue(): boolean {
    return this.isCurrent && this.value("expect")?.toLowerCase() === "100-continue";
  }

  /** True if the client wants to reuse the connection [RFC 9112 9.3]. */
  get staysOpen(): boolean {
    const words = (this.value("connection") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
    return this.isCurrent ? !words.includes("close") : words.includes("keep-alive");
  }

  /**
   * The reason to refuse the request before any other check, and to close its connection; undefined if there is none.
   * - `head-too-large`: more lines or bytes than allowed
   * - `bad-request`: an HTTP/1.1 request without `Host`, or a request with several `Host` lines [RFC 9112 3.2]
   * - `expectation-failed`: an expectation other than `100-continue` [RFC 9110 10.1.1]
   */
  faultOf(limits: HeadLimits): PharosError | undefined {
    return this.#excess(limits) ?? this.#hostFault() ?? this.#expectFault();
  }

  #excess({ headBytes, headerLines }: HeadLimits): PharosError | undefined {
    const { rawHeaders, url = "" } = this.#message;
    if (rawHeaders.length > 2 * headerLines) return tooLarge(`${headerLines} header lines`);
    const bytes = rawHeaders.reduce((sum, text) => sum + text.length, url.length);
    return bytes > headBytes ? tooLarge(`${headBytes} bytes`) : undefined;
  }

  #hostFault(): PharosError | undefined {
    const hosts = this.#values.get("host")?.length ?? 0;
    if (hosts > 1) return new PharosError("bad-request", `a request must have one Host header, not ${hosts}`);
    if (hosts === 1 || !this.isCurrent) return undefined;
    return new PharosError("bad-request", "an HTTP/1.1 request must have a Host header");
  }

  #expectFault(): PharosError | undefined {
    const expected = this.value("expect");
    if (expected === undefined || !this.isCurrent || this.waitsToContinue) return undefined;
    return new PharosError(
      "expectation-failed",
      `the Expect header must be 100-continue, not ${JSON.stringify(expected.slice(0, 40))}`,
    );
  }

  #add(name: string, value: string): void {
    const key = name.toLowerCase();
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }
}

/** The error for a head that exceeds a limit. */
export function tooLarge(most: string): PharosError {
  return new PharosError("head-too-large", `the head of a request may have at most ${most}`);
}
