import type { Pull, SocketOptions } from "zeromq";
import { attach } from "./bind.js";
import type { Endpoint } from "./endpoint.js";
import { libzmq } from "./libzmq.js";
import type { MessageSource } from "./message-source.js";

/**
 * Receives messages at an endpoint with a socket of libzmq: for endpoints that connect, and for endpoints with keys.
 *
 * @throws PharosError `bad-endpoint` if the address cannot be used
 */
export async function openLibzmqSource(
  endpoint: Endpoint,
  options: SocketOptions<Pull>,
  watch: (socket: Pull) => void = () => undefined,
): Promise<MessageSource> {
  const socket = new (libzmq().Pull)({ ...options, linger: 0 });
  watch(socket);
  return {
    address: await attach(socket, endpoint),
    receive: () => socket.receive(),
    close: () => socket.close(),
  };
}
