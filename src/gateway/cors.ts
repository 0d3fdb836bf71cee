import type { GatewayRequest, Headers } from "./messages.js";

/** How long browsers may remember a preflight, in seconds. */
const preflightSeconds = 600;

/**
 * Cross-origin rules: only listed origins are allowed, by exact comparison; what a request sends is never reflected.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** The headers for an answer to this request. */
  headersFor(request: GatewayRequest): Headers {
    if (this.#origins.size === 0) return [];
    const origin = this.#allowed(request);
    const vary: Headers = [["Vary", "Origin"]];
    return origin === undefined ? vary : [["Access-Control-Allow-Origin", origin], ...vary];
  }

  /** The headers for a preflight, beside {@link headersFor}. */
  preflightFor(request: GatewayRequest, methods: string): Headers {
    if (this.#allowed(request) === undefined) return [];
    return [
      ["Access-Control-Allow-Methods", methods],
      ["Access-Control-Allow-Headers", "Cache-Control, Last-Event-ID"],
      ["Access-Control-Max-Age", String(preflightSeconds)],
    ];
  }

  #allowed(request: GatewayRequest): string | undefined {
    const origin = request.header("origin");
    return origin !== undefined && this.#origins.has(origin) ? origin : undefined;
  }
}
