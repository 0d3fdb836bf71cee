import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientEnded, hasClientEnded } from "./client-end.js";

/** Tells which sockets are detached from Node's HTTP server. */
interface DetachedFromServer {
  has(socket: Socket): boolean;
}

/**
 * Aborted when the client ends its side of the connection before the response: the client has left, or waits for its
 * last answers. Node emits `close` after the response, and also if the connection ends before the response. The bytes
 * that wait in a detached socket may be frames of a WebSocket, which the hub handles before the end.
 */
export function disconnectSignal(response: ServerResponse, detached: DetachedFromServer): AbortSignal {
  const controller = new AbortController();
  const { socket } = response.req;
  const abort = (): void => controller.abort();
  const isDetached = detached.has(socket);
  const hasEnded = isDetached ? socket.readableEnded : hasClientEnded(socket);
  const end = isDetached ? "end" : clientEnded;
  if (response.destroyed || socket.destroyed || hasEnded) abort();
  else {
    socket.once(end, abort);
    response.once("close", () => {
      socket.off(end, abort);
      if (!response.writableEnded) abort();
    });
  }
  return controller.signal;
}
