import { Networks, parseIpAddress, unixPeer } from "../../../gateway/http/client-address.js";

/** The peers that must send a PROXY header at the start of each connection. */
export class ProxyPeers {
  readonly #networks: Networks;

  /** Throws if a text is neither an address, nor a network, nor `unix`. */
  constructor(networks: readonly string[]) {
    this.#networks = new Networks(networks);
  }

  /** True if the peer, as the system tells it, must send a header. */
  has(peer: string): boolean {
    const address = peer === unixPeer ? peer : parseIpAddress(peer);
    return address !== undefined && this.#networks.has(address);
  }
}
