import { createHash, timingSafeEqual } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { rememberLast } from "../../base/live/remember-last.js";
import { isLoopbackAddress, isLoopbackHost, forwardingHeaderOf } from "../../gateway/http/loopback.js";

/** The parts of a request that decide whether the request is allowed. */
export interface AdminRequest {
  readonly peer: string | undefined;
  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined;
}

/** Read at each use. */
export interface AdminAccessSettings {
  /** Requests with this token are allowed from any address. Undefined: only programs on this machine are allowed. */
  readonly adminToken?: string | undefined;
}

/** What a request asks for. */
export type AdminContent = "metrics" | "page" | "probe";

/**
 * Decides which requests may read the metrics. If a token is configured, a request must contain it. Without a token,
 * only programs on this machine may send requests, with a loopback name as `Host`. A web page that is open on this
 * machine can send requests too. If the page's own host name resolves to a loopback address, the page can also read
 * the responses. But then the `Host` header is the page's host name, so the request is rejected.
 */
export class AdminAccess {
  readonly #settings: AdminAccessSettings;
  readonly #digestOf = rememberLast(digestOf);

  constructor(settings: AdminAccessSettings) {
    this.#settings = settings;
  }

  /**
   * The reason to reject a request; undefined if the request is allowed. The files of the page need no token: the
   * page itself asks the user for one. Any machine may send a probe, which tells no figures: a load balancer and the
   * kubelet have no token.
   */
  refusalOf(request: AdminRequest, content: AdminContent = "metrics"): PharosError | undefined {
    if (content === "probe") return undefined;
    const { adminToken } = this.#settings;
    if (adminToken === undefined) return withoutToken(request);
    return content === "page" ? undefined : withToken(request, this.#digestOf(adminToken));
  }
}

function withToken(request: AdminRequest, digest: Buffer): PharosError | undefined {
  const given = /^bearer +(\S+)$/i.exec(request.header("authorization")?.trim() ?? "")?.[1];
  // Digests have the same length, so a comparison needs the same time for every token.
  if (given !== undefined && timingSafeEqual(digestOf(given), digest)) return undefined;
  return new PharosError("unauthorized", "the admin token is required: Authorization: Bearer TOKEN");
}

function withoutToken(request: AdminRequest): PharosError | undefined {
  const { peer = "" } = request;
  if (!isLoopbackAddress(peer))
    return forbidden(`only programs on this machine are allowed, not the address ${quoteValue(peer)}`);
  const host = request.header("host") ?? "";
  if (!isLoopbackHost(host))
    return forbidden(`the Host header must be a loopback name, not ${quoteValue(host)}`);
  const forwardedBy = forwardingHeaderOf(request);
  if (forwardedBy !== undefined)
    return forbidden(`requests through a proxy (header ${forwardedBy}) are refused`);
  return undefined;
}

function forbidden(reason: string): PharosError {
  return new PharosError("forbidden", `${reason}, unless an admin token is set`);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
