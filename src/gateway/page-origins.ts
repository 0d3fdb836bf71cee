import { PharosError } from "../errors.js";
import type { GatewayRequest } from "./messages.js";

export interface PageOriginsOptions {
  /** The hub's own URL, which may be another than the one by which a proxy asks. */
  readonly hubUrl: string;
  /** Origins whose pages may read answers and streams. */
  readonly corsOrigins: readonly string[];
}

/**
 * Which pages may open a WebSocket, or frame what is for frames. Browsers send cookies with it and ask nobody whether the page may read what comes
 * [RFC 6455 10.2], so that here must be refused what CORS keeps pages from elsewhere.
 */
export class PageOrigins {
  readonly #origins: ReadonlySet<string>;

  constructor({ hubUrl, corsOrigins }: PageOriginsOptions) {
    this.#origins = new Set([new URL(hubUrl).origin, ...corsOrigins]);
  }

  /** The same for frames, as a `Content-Security-Policy`; the hub's own host is the one that the browser asks. */
  get framePolicy(): string {
    return `frame-ancestors ${["'self'", ...this.#origins].join(" ")}`;
  }

  /**
   * Lets pass a page of the hub's own host or URL, one of a listed origin, and what is no page, since that has no Origin.
   *
   * @throws PharosError `forbidden-origin` for every other page
   */
  check(request: GatewayRequest): void {
    const origin = request.header("origin");
    if (origin === undefined || this.#origins.has(origin)) return;
    if (URL.canParse(origin) && new URL(origin).host === request.header("host")?.toLowerCase()) return;
    throw new PharosError("forbidden-origin", "pages of this origin may not open a WebSocket here", {
      reason: `the origin ${JSON.stringify(origin)} is neither the hub's own nor among the CORS origins`,
    });
  }
}
