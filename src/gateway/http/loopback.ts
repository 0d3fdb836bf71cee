import { isIPv4 } from "node:net";
import type { GatewayRequest } from "./messages.js";

/** The headers that proxies add to forwarded requests. */
export const forwarding: readonly string[] = Object.freeze([
  "forwarded",
  "via",
  "forwarded-for",
  "x-forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
]);

/**
 * The name of a header that shows that a proxy forwarded the request; undefined without one. With a local proxy, all
 * clients appear to connect from loopback.
 */
export function forwardingHeaderOf(request: Pick<GatewayRequest, "header">): string | undefined {
  return forwarding.find((name) => request.header(name) !== undefined);
}

/** True for 127.0.0.0/8 and ::1, in each form that `Socket.remoteAddress` can have. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

/** True if the `Host` header is `localhost` or a loopback address, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || isLoopbackAddress(name);
}
