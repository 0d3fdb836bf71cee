import type { Socket } from "node:net";

/** True if the client of the socket speaks TLS with this process. */
export function isSecure(socket: Socket): boolean {
  return "encrypted" in socket;
}

/**
 * The header that makes browsers use https for the next `seconds` [RFC 6797 6.1]; none for a client without TLS, whose
 * browser would ignore it [RFC 6797 8.1], or for 0 seconds.
 */
export function strictTransport(socket: Socket, seconds: number): readonly (readonly [string, string])[] {
  return seconds > 0 && isSecure(socket) ? [["Strict-Transport-Security", `max-age=${seconds}`]] : [];
}
