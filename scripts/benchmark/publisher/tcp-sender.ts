import { once } from "node:events";
import { openSocket } from "../machine/open-socket.js";
import type { Sender } from "./sender.js";

/** Writes one text for each publication. Waits while the socket's buffer is full. */
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
