import { forwarding } from "../http/loopback.js";
import type { GatewayRequest, Headers } from "../http/messages.js";
import type { Origins } from "./origins.js";

/** The number of seconds for which browsers may cache a preflight response. */
const preflightSeconds = 600;

/** The request headers that the hub reads. A preflight response lists these, and the headers that the page asks for. */
const requestHeaders =
  "Authorization, Cache-Control, Content-Type, Event-ID, Event-Retry, Event-Type, Idempotency-Key, If-Modified-Since, If-None-Match, Last-Event-ID, Private, Retain";

/** The response headers that pages of allowed origins may read. */
const exposedHeaders =
  "ETag, Last-Event-ID, Last-Modified, Link, Mercure-Last-Event-ID, Retry-After, WWW-Authenticate, X-Nginx-PushStream-Explain, X-Pharos-Gap";

/**
 * The most headers of one request that a preflight response allows by name. Tracing libraries add up to ten; a larger
 * number would only make the response large.
 */
const mostAskedHeaders = 64;

/** The characters of a header's name [RFC 9110 5.1]. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Cross-origin rules for the pages of listed origins. */
export class Cors {
  readonly #origins: Origins;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  /**
   * The headers for the response to this request. Only pages of origins that the list names may send cookies: for `*`
   * and `null`, the response does not allow credentials [Fetch 3.3.5].
   */
  headersFor(request: GatewayRequest): Headers {
    if (this.#origins.isEmpty) return [];
    const vary: Headers = [["Vary", "Origin"]];
    const origin = request.header("origin");
    const access = this.#accessOf(request);
    if (origin === undefined || access === "none") return vary;
    const isNamed = access === "credentials";
    return [
      ["Access-Control-Allow-Origin", isNamed || origin === "null" ? origin : "*"],
      ...(isNamed ? ([["Access-Control-Allow-Credentials", "true"]] as const) : []),
      ["Access-Control-Expose-Headers", exposedHeaders],
      ...vary,
    ];
  }

  /** The additional headers for the response to a preflight. */
  preflightFor(request: GatewayRequest, methods: string): Headers {
    if (this.#accessOf(request) === "none") return [];
    return [
      ["Access-Control-Allow-Methods", methods],
      ["Access-Control-Allow-Headers", [requestHeaders, ...askedHeaders(request)].join(", ")],
      ["Access-Control-Max-Age", String(preflightSeconds)],
      ["Vary", "Access-Control-Request-Headers"],
    ];
  }

  #accessOf(request: GatewayRequest): ReturnType<Origins["accessOf"]> {
    const origin = request.header("origin");
    return origin === undefined ? "none" : this.#origins.accessOf(origin);
  }
}

const known = new Set(requestHeaders.toLowerCase().split(", "));

/**
 * The further headers that the page wants to send, such as those of a tracing library. The hub does not read them. A
 * page must not set the headers of proxies, which name another client.
 */
function askedHeaders(request: GatewayRequest): readonly string[] {
  const asked = (request.header("access-control-request-headers") ?? "").toLowerCase().split(",");
  const names = new Set(asked.map((name) => name.trim()).filter((name) => headerName.test(name)));
  return [...names]
    .filter((name) => !known.has(name) && !forwarding.includes(name))
    .slice(0, mostAskedHeaders);
}
