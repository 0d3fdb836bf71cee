import { isLoopbackAddress, isLoopbackHost, passedOnBy } from "../http/loopback.js";
import type { GatewayRequest } from "../http/messages.js";

/**
 * Whether `--open` lets a request publish without a token; a text says why not. Only for programs of this machine:
 * behind a reverse proxy everybody comes from loopback, and any web page can have a browser of this machine POST.
 */
export function mayPublishOpenly(request: GatewayRequest): true | string {
  if (request.front !== "http") return "it came through Mongrel2";
  if (request.peer === undefined || !isLoopbackAddress(request.peer))
    return "it did not come from this machine";
  const passedOn = passedOnBy(request);
  if (passedOn !== undefined) return `it carries ${passedOn}: it was passed on`;
  const host = request.header("host") ?? "";
  if (!isLoopbackHost(host)) return "its Host is not this machine's own name";
  const origin = request.header("origin");
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return "it comes from a page of another origin";
  }
  // Browsers say so of every request that a page makes, those without an Origin included [Fetch Metadata].
  const site = request.header("sec-fetch-site") ?? "none";
  if (site !== "none" && site !== "same-origin") return "it comes from a page of another site";
  return true;
}
