import { forwardingHeaderOf, isLoopbackAddress, isLoopbackHost } from "../http/loopback.js";
import type { GatewayRequest } from "../http/messages.js";

/**
 * True if `--open` lets this request publish without a token; otherwise the reason as text. Only programs on this
 * machine may publish without a token. Two kinds of requests come from loopback addresses, but not from such a
 * program: requests that a local proxy forwards, and requests that a web page causes in a local browser. The function
 * rejects both kinds.
 */
export function mayPublishOpenly(request: GatewayRequest): true | string {
  if (!request.isDirect) return "another server, such as Mongrel2, passed it on";
  if (request.peer === undefined || !isLoopbackAddress(request.peer))
    return "it did not come from this machine";
  const forwardedBy = forwardingHeaderOf(request);
  if (forwardedBy !== undefined) return `it has the header ${forwardedBy}: a proxy forwarded it`;
  const host = request.header("host") ?? "";
  if (!isLoopbackHost(host)) return "its Host is not this machine's own name";
  const origin = request.header("origin");
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return "it comes from a page of another origin";
  }
  // Browsers send `Sec-Fetch-Site` with every request of a page, even if the request has no `Origin` [Fetch
  // Metadata].
  const site = request.header("sec-fetch-site") ?? "none";
  if (site !== "none" && site !== "same-origin") return "it comes from a page of another site";
  return true;
}
