import { writeSync } from "node:fs";
import type { Socket } from "node:net";

/**
 * Writes bytes directly to the kernel, without the socket's own queue, and returns the number of accepted bytes.
 * Returns 0 if the queue is not empty, the socket has ended, or the write fails. In each of these cases, `socket.write`
 * reports the reason later. Node does not count these bytes in the socket's `bytesWritten`, and does not restart the
 * socket's time-out.
 *
 * @param fd the descriptor of this socket; after the end of the socket the system may reuse the number
 */
export function writeDirectly(socket: Socket, fd: number, bytes: Buffer): number {
  if (!socket.writable || socket.writableLength > 0) return 0;
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
