import type { GatewayRequest, Headers } from "./messages.js";

/** The number of seconds for which browsers may cache a preflight response. */
const preflightSeconds = 600;

/** The request headers that pages of allowed origins may send. */
const requestHeaders =
  "Authorization, Cache-Control, Content-Type, Event-ID, Event-Retry, Event-Type, Idempotency-Key, If-Modified-Since, If-None-Match, Last-Event-ID, Private, Retain";

/** The response headers that pages of allowed origins may read. */
const exposedHeaders =
  "ETag, Last-Event-ID, Last-Modified, Link, Mercure-Last-Event-ID, Retry-After, WWW-Authenticate, X-Nginx-PushStream-Explain, X-Pharos-Gap";

/**
 * Cross-origin rules. The hub allows only listed origins, by exact comparison. The hub never copies text of the
 * request into the headers below.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** The headers for the response to this request. */
  headersFor(request: GatewayRequest): Headers {
    if (this.#origins.size === 0) return [];
    const origin = this.#allowed(request);
    const vary: Headers = [["Vary", "Origin"]];
    if (origin === undefined) return vary;
    return [
      ["Access-Control-Allow-Origin", origin],
      ["Access-Control-Allow-Credentials", "true"],
      ["Access-Control-Expose-Headers", exposedHeaders],
      ...vary,
    ];
  }

  /** The additional headers for the response to a preflight. */
  preflightFor(request: GatewayRequest, methods: string): Headers {
    if (this.#allowed(request) === undefined) return [];
    return [
      ["Access-Control-Allow-Methods", methods],
      ["Access-Control-Allow-Headers", requestHeaders],
      ["Access-Control-Max-Age", String(preflightSeconds)],
    ];
  }

  #allowed(request: GatewayRequest): string | undefined {
    const origin = request.header("origin");
    return origin !== undefined && this.#origins.has(origin) ? origin : undefined;
  }
}
