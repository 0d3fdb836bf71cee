import { PharosError } from "../../base/errors.js";
import type { GatewayRequest } from "../http/messages.js";

export interface WebSocketOriginsOptions {
  /** The hub's own URL, which may be another than the one by which a proxy asks. */
  readonly hubUrl: string;
  /** Origins whose pages may read answers and streams. */
  readonly corsOrigins: readonly string[];
}

/**
 * Which pages may open a WebSocket, or frame what is for frames. Browsers send cookies with it and ask nobody whether the page may read what comes
 * [RFC 6455 10.2], so that here must be refused what CORS keeps pages from elsewhere.
 */
export class WebSocketOrigins {
  readonly #hub: URL;
  readonly #origins: ReadonlySet<string>;

  constructor({ hubUrl, corsOrigins }: WebSocketOriginsOptions) {
    this.#hub = new URL(hubUrl);
    this.#origins = new Set([this.#hub.origin, ...corsOrigins]);
  }

  /** The same for frames, as a `Content-Security-Policy`; the hub's own host is the one that the browser asks. */
  get framePolicy(): string {
    return `frame-ancestors ${["'self'", ...this.#origins].join(" ")}`;
  }

  /**
   * Lets pass a page of the hub's own host or URL, one of a listed origin, and what is no page, since that has no Origin.
   * Where the hub knows that it is asked with TLS, a page that came without, which anybody in between may have written, is
   * not its own.
   *
   * @throws PharosError `forbidden-origin` for every other page
   */
  check(request: GatewayRequest): void {
    const origin = request.header("origin");
    if (origin === undefined || this.#origins.has(origin) || this.#isOwn(origin, request)) return;
    throw new PharosError("forbidden-origin", "pages of this origin may not open a WebSocket here", {
      reason: `the origin ${JSON.stringify(origin)} is neither the hub's own nor among the CORS origins`,
    });
  }

  #isOwn(origin: string, request: GatewayRequest): boolean {
    if (!URL.canParse(origin)) return false;
    const { host, protocol } = new URL(origin);
    if (host !== request.header("host")?.toLowerCase()) return false;
    return protocol === "https:" || !this.#isAskedWithTls(request, host);
  }

  /**
   * A proxy says so, or Mongrel2, or else the hub's URL. A page can send none of these headers with a WebSocket, so that no
   * proxy needs to be trusted for it.
   */
  #isAskedWithTls(request: GatewayRequest, host: string): boolean {
    const [scheme] = (request.header("x-forwarded-proto") ?? "").split(",");
    if (scheme !== undefined && scheme !== "") return scheme.trim().toLowerCase() === "https";
    if (request.isTls === true) return true;
    return this.#hub.protocol === "https:" && this.#hub.host === host;
  }
}
