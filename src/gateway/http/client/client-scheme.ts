import type { GatewayRequest } from "../messages.js";

/** The scheme of the URL that the client uses. */
export type ClientScheme = "http" | "https";

/**
 * The scheme of the client's URL. Trusted proxies tell the scheme in `X-Forwarded-Proto`; any other sender of this header
 * is ignored. Without such a proxy, the client's own connection decides.
 *
 * Most proxies replace the header. If each proxy appends a value, the value of the proxy that names the client counts. The
 * hub does not read `Forwarded` [RFC 7239]: a proxy that sets only `X-Forwarded-For` passes on the `Forwarded` of its
 * client, who could then forge an address and a scheme.
 *
 * @param passed the number of trusted proxies that the request has passed, from `findClient`
 */
export function clientScheme(
  request: Pick<GatewayRequest, "header" | "isTls">,
  passed: number,
): ClientScheme {
  const told = passed === 0 ? undefined : toldScheme(request.header("x-forwarded-proto"), passed);
  return told ?? (request.isTls === true ? "https" : "http");
}

/** Some proxies name the scheme of a WebSocket. */
const schemes: ReadonlyMap<string, ClientScheme> = new Map([
  ["http", "http"],
  ["ws", "http"],
  ["https", "https"],
  ["wss", "https"],
]);

function toldScheme(header: string | undefined, proxies: number): ClientScheme | undefined {
  const values = (header ?? "").split(",");
  const value = values[Math.max(0, values.length - proxies)];
  return schemes.get(value?.trim().toLowerCase() ?? "");
}
