import type { ListenOptions, Server } from "node:net";

/**
 * The limit of connections that wait to be accepted. Above the limit, the kernel drops the first packet of a
 * connection, and the client retries a second later. Node's default of 511 is too small when all clients reconnect
 * after a restart. Linux allows 4096.
 */
export const queuedConnections = 4096;

/** Resolves when the server listens. Rejects with the error of the system. */
export function listenOn(server: Server, where: ListenOptions | { readonly fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen({ ...where, backlog: queuedConnections }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
