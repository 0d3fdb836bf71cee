import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Sender } from "./sender.js";

/** A connected socket that sends at once. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** Writes one text a publication; waits when the kernel takes no more. */
export async function connectTcp(
  port: number,
  frame: (stream: number, payload: string) => string,
): Promise<Sender> {
  const socket = await openSocket(port);
  const drained = async (): Promise<void> => {
    await once(socket, "drain");
  };
  return {
    send: (stream, payload) => (socket.write(frame(stream, payload), "latin1") ? undefined : drained()),
  };
}
