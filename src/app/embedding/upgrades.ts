import { ServerResponse } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Answers a request with `Upgrade`; false if it is not for this listener. */
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * Passes each request with `Upgrade` to `upgrade`. A request that it does not take goes to the other listeners of the
 * server. If there are none, the request becomes an ordinary one: without a listener, Node ignores `Upgrade` too [RFC
 * 9110 7.8], which many HTTP libraries send to ask for HTTP/2.
 *
 * @returns stops to do so
 */
export function followUpgrades(server: Server, upgrade: Upgrade): () => void {
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (upgrade(request, socket, head) || server.listenerCount("upgrade") > 1) return;
    passOn(server, { request, socket, head });
  };
  server.on("upgrade", listener);
  return () => void server.off("upgrade", listener);
}

interface UntakenUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Emits a request whose socket Node's server has given up. The connection ends after its response. */
function passOn(server: Server, { request, socket, head }: UntakenUpgrade): void {
  if (!(socket instanceof Socket)) return void socket.destroy();
  if (head.length > 0) socket.unshift(head);
  socket.on("error", () => undefined);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  server.emit("request", request, response);
}
