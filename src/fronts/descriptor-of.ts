import type { Socket } from "node:net";

/**
 * The file descriptor of a connected socket, for direct writes and for limits. Undefined if the socket has no descriptor (on
 * Windows, or after its end). Also undefined for TLS sockets, whose bytes must be encrypted first.
 */
export function descriptorOf(socket: Socket): number | undefined {
  if ("encrypted" in socket) return undefined;
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}
