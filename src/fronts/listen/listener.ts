import type { Config } from "../../config/config.js";
import type { ListenAddress } from "../../config/values/listen-address.js";

/** An address where the hub accepts the connections of clients. */
export interface Listener {
  readonly address: ListenAddress;
  /** True if the clients of this address speak TLS. */
  readonly secure: boolean;
  /** True if the address only sends clients to the hub's https URL. */
  readonly redirects: boolean;
  /** The mode of the file, if the address is a unix socket. */
  readonly socketMode: number;
}

/** The way on which a connection came to this machine. */
export interface AcceptedAt {
  /** The index of the listener. */
  readonly listener: number;
  /** True if the client speaks TLS. */
  readonly secure: boolean;
  /** True if the client is only sent to the hub's https URL. */
  readonly redirects: boolean;
  /** True if the peer is a program on this machine, at a unix socket. */
  readonly isUnix: boolean;
}

/** The listeners of the HTTP front: first those that serve clients, in the order of the configuration. */
export function listenersOf(
  config: Pick<Config, "http" | "https" | "httpRedirect" | "unixMode">,
): readonly Listener[] {
  const { http, https, httpRedirect, unixMode: socketMode } = config;
  return [
    ...http.map((address) => ({ address, secure: false, redirects: false, socketMode })),
    ...https.map((address) => ({ address, secure: true, redirects: false, socketMode })),
    ...httpRedirect.map((address) => ({ address, secure: false, redirects: true, socketMode })),
  ];
}
