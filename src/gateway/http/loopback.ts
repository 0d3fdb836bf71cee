import { isIPv4 } from "node:net";
import type { GatewayRequest } from "./messages.js";

/** Headers that say that somebody else's request was passed on. */
export const forwarding = [
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
] as const;

/** The header by which a request says that it was passed on: behind a reverse proxy everybody comes from loopback. */
export function passedOnBy(request: Pick<GatewayRequest, "header">): string | undefined {
  return forwarding.find((name) => request.header(name) !== undefined);
}

/** True for 127.0.0.0/8 and ::1, in any form in which a socket tells an address. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

/** True for a Host of `localhost` or a loopback address, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || isLoopbackAddress(name);
}
