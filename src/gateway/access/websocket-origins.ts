import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { rememberLast } from "../../base/live/remember-last.js";
import type { GatewayRequest } from "../http/messages.js";
import { withoutCookies } from "../http/request-snapshot.js";
import { Origins } from "./origins.js";
import { parseUrl } from "../../base/url/parse-url.js";

export interface WebSocketOriginsOptions {
  /** The hub's public URL, which does not change. Behind a proxy, requests may name another host. */
  readonly hubUrl: string;
  /** The origins whose pages may read responses and streams, in the form of {@link Origins}. Read at each use. */
  readonly corsOrigins: readonly string[];
}

/**
 * The origins whose pages may open a WebSocket, or show a stream in an iframe. CORS does not protect WebSockets: a
 * browser sends cookies with the handshake and lets every page read the messages [RFC 6455 10.2]. So the hub itself
 * has to reject foreign pages.
 */
export class WebSocketOrigins {
  readonly #options: WebSocketOriginsOptions;
  readonly #hub: URL;
  readonly #allowedBy = rememberLast((corsOrigins: readonly string[]) => this.#allow(corsOrigins));

  constructor(options: WebSocketOriginsOptions) {
    this.#options = options;
    this.#hub = new URL(options.hubUrl);
  }

  /**
   * The `Content-Security-Policy` that lets pages of these origins show a stream in an iframe. `'self'` is the host
   * in the URL that the browser uses. The policy leaves out `*` and `null`: browsers send cookies for an iframe. It
   * also leaves out the patterns that a policy cannot express.
   */
  get framePolicy(): string {
    return this.#allowedBy(this.#options.corsOrigins).framePolicy;
  }

  /**
   * Accepts pages of the hub's own host or URL, pages of listed origins, and programs, which send no `Origin`. If
   * clients reach the hub with TLS, this method rejects pages that the hub's own host served without TLS. An attacker
   * on the network path can forge such a page.
   *
   * @returns the request. If only `*` or `null` lists the page's origin, the copy has no cookies: the page gets what
   *   a client without cookies gets, as with CORS
   * @throws PharosError `forbidden-origin` for every other page
   */
  admit(request: GatewayRequest): GatewayRequest {
    const origin = request.header("origin");
    if (origin === undefined || this.#isOwn(origin, request)) return request;
    const access = this.#allowedBy(this.#options.corsOrigins).origins.accessOf(origin);
    if (access !== "none") return access === "credentials" ? request : withoutCookies(request);
    throw new PharosError(
      "forbidden-origin",
      `pages of the origin ${quoteValue(origin)} may not open a WebSocket here`,
      {
        reason: `the origin ${quoteValue(origin)} is not the hub's own, and the CORS origins do not list it`,
      },
    );
  }

  #allow(corsOrigins: readonly string[]): { readonly origins: Origins; readonly framePolicy: string } {
    const origins = [this.#hub.origin, ...corsOrigins];
    return {
      origins: new Origins(origins),
      framePolicy: `frame-ancestors ${["'self'", ...origins.flatMap(frameSources)].join(" ")}`,
    };
  }

  #isOwn(origin: string, request: GatewayRequest): boolean {
    const url = parseUrl(origin);
    if (url === undefined) return false;
    const { host, protocol } = url;
    if (host !== request.header("host")?.toLowerCase()) return false;
    return protocol === "https:" || !this.#isReachedWithTls(request, host);
  }

  /**
   * True if the client reaches the hub with TLS. The hub learns this from `X-Forwarded-Proto`, from Mongrel2, or else
   * from the hub's own URL. The hub accepts `X-Forwarded-Proto` from any sender, since pages cannot set headers of a
   * WebSocket.
   */
  #isReachedWithTls(request: GatewayRequest, host: string): boolean {
    const [scheme] = (request.header("x-forwarded-proto") ?? "").split(",");
    if (scheme !== undefined && scheme !== "") return scheme.trim().toLowerCase() === "https";
    if (request.isTls === true) return true;
    return this.#hub.protocol === "https:" && this.#hub.host === host;
  }
}

/** The form of an origin in a policy: an origin, with `*` for the first labels of the host or for the port. */
const frameSource = /^[a-z][a-z0-9+.-]*:\/\/(?:\*\.)?[^*]+(?:(?<=:)\*)?$/;

function frameSources(origin: string): readonly string[] {
  return frameSource.test(origin) ? [origin] : [];
}
