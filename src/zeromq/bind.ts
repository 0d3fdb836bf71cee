import type { Pull, Push } from "zeromq";
import { PharosError } from "../base/errors.js";
import type { Endpoint } from "./endpoint.js";

/**
 * The ZAP domain of sockets without keys. With any domain, libzmq requires a ZMTP 3 handshake. Without a domain, a
 * socket also accepts ZMTP 1.0, whose greeting is very short. Such a socket reads the HTTP request of a web page as
 * messages [seen on the wire].
 */
const zapDomain = "pharos";

/** Detects a dead peer within a minute: after 30 s without data, the system sends three probes, 10 s apart. */
const keepAlive = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };

/**
 * Binds or connects `socket`, and returns its real address. With `connect`, this function does not wait for the
 * connection, and ZeroMQ tries to connect forever.
 *
 * @throws PharosError `bad-endpoint` if the address cannot be bound; the socket is then closed
 */
export async function attach(socket: Pull | Push, endpoint: Endpoint): Promise<string> {
  try {
    if (endpoint.transport === "tcp") Object.assign(socket, keepAlive);
    socket.ipv6 = endpoint.address.includes("[");
    if (endpoint.mode === "connect") {
      socket.connect(endpoint.address);
      return endpoint.address;
    }
    // A socket with keys already has a domain, for which a `CurveGate` answers.
    if ((socket.zapDomain ?? "") === "") socket.zapDomain = zapDomain;
    await socket.bind(endpoint.address);
    return socket.lastEndpoint ?? endpoint.address;
  } catch (cause) {
    socket.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PharosError("bad-endpoint", `cannot ${endpoint.mode} ${endpoint.address}: ${why}`, { cause });
  }
}
