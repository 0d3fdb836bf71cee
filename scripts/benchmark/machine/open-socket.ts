import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connects to a port of this machine, with Nagle's algorithm off. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}
