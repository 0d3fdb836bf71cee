import { quoteValue } from "../../base/quote-value.js";
import { forwardingHeaderOf, isLoopbackAddress, isLoopbackHost } from "../http/loopback.js";
import { unixPeer } from "../http/client-address.js";
import type { GatewayRequest } from "../http/messages.js";

/**
 * True if `--open` lets this request publish without a token; otherwise the reason as text. Only programs on this
 * machine may publish without a token. Two kinds of requests come from loopback addresses, but not from such a
 * program: requests that a local proxy forwards, and requests that a web page causes in a local browser. The function
 * rejects both kinds.
 */
export function mayPublishOpenly(request: GatewayRequest): true | string {
  if (!request.isDirect) return "another server, such as Mongrel2, forwarded the request";
  if (request.peer === unixPeer)
    return "the request came over a unix socket, where proxies connect for clients of other machines";
  if (request.peer === undefined || !isLoopbackAddress(request.peer))
    return `the request came from ${request.peer ?? "an unknown address"}, not from this machine`;
  const forwardedBy = forwardingHeaderOf(request);
  if (forwardedBy !== undefined) return `the request has the header ${forwardedBy}, which a proxy added`;
  const host = request.header("host") ?? "";
  if (!isLoopbackHost(host))
    return `the request's Host is ${quoteValue(host)}; allowed is localhost or a loopback address`;
  const origin = request.header("origin");
  const scheme = request.isTls === true ? "https" : "http";
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${host.toLowerCase()}`) {
    return `a page of the origin ${quoteValue(origin)} sent the request`;
  }
  // Browsers send `Sec-Fetch-Site` with every request of a page, even if the request has no `Origin` [Fetch
  // Metadata].
  const site = request.header("sec-fetch-site") ?? "none";
  if (site !== "none" && site !== "same-origin")
    return `a page of another site sent the request (Sec-Fetch-Site: ${quoteValue(site)})`;
  return true;
}
