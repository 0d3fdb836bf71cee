import { writeSync } from "node:fs";
import type { Socket } from "node:net";

/**
 * The descriptor beneath a connected socket, for {@link writeDirectly}; undefined where there is none (on Windows, or
 * after its end) and where what is written to it would go around a layer in between (TLS).
 */
export function descriptorOf(socket: Socket): number | undefined {
  if ("encrypted" in socket) return undefined;
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

/**
 * Gives the kernel what it takes of these bytes at once, past the socket's own queue; returns how many that were. 0 when
 * something is queued, when the socket has ended, or when writing fails: `socket.write` then finds out why. Its
 * `bytesWritten` and its timeout know nothing of them.
 *
 * @param fd that of this socket, which another may get as soon as this one is destroyed
 */
export function writeDirectly(socket: Socket, fd: number, bytes: Buffer): number {
  if (!socket.writable || socket.writableLength > 0) return 0;
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
