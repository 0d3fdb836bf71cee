import type { Pull, Push } from "zeromq";
import { PharosError } from "../base/errors.js";
import type { Endpoint } from "./endpoint.js";

/**
 * Any text here makes libzmq insist on a ZMTP 3 handshake. Without it a socket takes ZMTP 1.0, whose
 * greeting is so short that an HTTP request of a web page passes for messages (seen on the wire).
 */
const zapDomain = "pharos";

/** Finds a peer that is gone without a word within a minute: 30 s of silence, then three probes 10 s apart. */
const keepAlive = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };

/**
 * Binds or connects `socket` as `endpoint` says, and returns the address that it really has. A connect
 * returns at once and is retried by ZeroMQ for ever.
 *
 * @throws PharosError `bad-endpoint` when the address cannot be bound; the socket is then closed
 */
export async function attach(socket: Pull | Push, endpoint: Endpoint): Promise<string> {
  try {
    if (endpoint.transport === "tcp") Object.assign(socket, keepAlive);
    socket.ipv6 = endpoint.address.includes("[");
    if (endpoint.mode === "connect") {
      socket.connect(endpoint.address);
      return endpoint.address;
    }
    // A socket with keys has its own, and with it somebody who is asked.
    if ((socket.zapDomain ?? "") === "") socket.zapDomain = zapDomain;
    await socket.bind(endpoint.address);
    return socket.lastEndpoint ?? endpoint.address;
  } catch (cause) {
    socket.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PharosError("bad-endpoint", `cannot ${endpoint.mode} ${endpoint.address}: ${why}`, { cause });
  }
}
