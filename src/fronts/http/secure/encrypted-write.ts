import type { Socket } from "node:net";
import { isSecure } from "../../strict-transport.js";

/**
 * The most bytes of one write to a TLS socket: four TLS records. Node encrypts a write at once, and holds the encrypted
 * bytes until the kernel has accepted them. The other bytes of a round are shared by all clients until then. 10,000 slow
 * clients hold up to 640 MiB of encrypted bytes; with whole rounds of 256 KiB, they would hold 2.5 GiB.
 */
const encryptedBytes = 64 * 1024;

/** Prepares a TLS socket for {@link writeEncrypted}. */
export function writeOneByOne(socket: Socket): void {
  // Otherwise Node joins all waiting writes to one, as soon as the first is done.
  if (isSecure(socket)) Object.assign(socket, { _writev: null });
}

/** Writes bytes in parts, and encrypts a part when the kernel has accepted the part before. Calls back after the last. */
export function writeEncrypted(socket: Socket, bytes: Buffer, written: () => void): void {
  let at = 0;
  for (; bytes.length - at > encryptedBytes; at += encryptedBytes)
    socket.write(bytes.subarray(at, at + encryptedBytes));
  socket.write(bytes.subarray(at), written);
}

/**
 * True if the client has to read before the kernel can accept the bytes that were written to the socket. A write to a TLS
 * socket is always done in a later turn, so its own queue does not show this.
 */
export function isHeldUp(socket: Socket): boolean {
  if (!isSecure(socket)) return socket.writableLength > 0;
  return socket.writableLength > encryptedBytes || queuedBelow(socket) > 0;
}

/** The encrypted bytes that the kernel has not accepted yet. */
function queuedBelow(socket: Socket): number {
  const raw: unknown = Reflect.get(socket, "_parent");
  const handle: unknown = raw instanceof Object ? Reflect.get(raw, "_handle") : undefined;
  const size: unknown = handle instanceof Object ? Reflect.get(handle, "writeQueueSize") : undefined;
  return typeof size === "number" ? size : 0;
}
