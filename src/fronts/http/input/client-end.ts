import { Socket } from "node:net";

/**
 * The event of a watched socket when its client has ended its side. Node emits `end` later: only when all bytes of the
 * client have been read. Bytes behind an unanswered request are not read. If more of them wait than the socket's buffer
 * holds, the end is not seen before they are read.
 */
export const clientEnded = "clientEnded";

const ended = new WeakSet<Socket>();

/** Makes the socket emit {@link clientEnded}. Safe to call twice. */
export function watchClientEnd(socket: Socket): void {
  socket.push = pushAndTell;
}

/** True if the client has ended its side, even if its last bytes are not read yet. */
export function hasClientEnded(socket: Socket): boolean {
  return ended.has(socket) || socket.readableEnded;
}

/** Node calls `push` with the bytes of each read, and with null at the end. */
function pushAndTell(this: Socket, bytes: unknown): boolean {
  const wantsMore = Socket.prototype.push.call(this, bytes);
  if (bytes === null) {
    ended.add(this);
    this.emit(clientEnded);
  }
  return wantsMore;
}
