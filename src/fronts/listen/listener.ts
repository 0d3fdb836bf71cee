import type { Config } from "../../config/config.js";
import type { ListenAddress } from "../../config/values/listen-address.js";

/** An address where the hub accepts the connections of clients. */
export interface Listener {
  readonly address: ListenAddress;
  /** True if the clients of this address speak TLS. */
  readonly secure: boolean;
  /** The mode of the file, if the address is a unix socket. */
  readonly socketMode: number;
}

/** The way on which a connection came to this machine. */
export interface AcceptedAt {
  /** The index of the listener. */
  readonly listener: number;
  /** True if the peer is a program on this machine, at a unix socket. */
  readonly isUnix: boolean;
}

/** The listeners of the HTTP front, in the order of the configuration. */
export function listenersOf({ http, unixMode }: Pick<Config, "http" | "unixMode">): readonly Listener[] {
  return http.map((address) => ({ address, secure: false, socketMode: unixMode }));
}
