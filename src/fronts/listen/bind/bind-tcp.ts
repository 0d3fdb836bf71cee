import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { AddressInfo } from "node:net";
import type { ListenAddress } from "../../../config/values/listen-address.js";
import { boundTcpAddress } from "./bound-address.js";
import type { Binding, CreateServer } from "./binding.js";
import { listenOn } from "./listen-on.js";

/** The machine does not have the address, for example ::1 in a container without IPv6. */
const missingAddress = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/**
 * Binds a host and a port. `*` is one server for IPv4 and IPv6, or for IPv4 alone on a machine without IPv6. A name is
 * one server for each of its addresses that the machine has, all with the same port. Rejects with the error of the
 * system if no address can be bound, or if one is in use.
 */
export async function bindTcp(
  create: CreateServer,
  { host, port, secure }: ListenAddress & { readonly kind: "tcp" } & { readonly secure: boolean },
): Promise<readonly Binding[]> {
  const bindings: Binding[] = [];
  let actualPort = port;
  let missing: unknown;
  for (const address of await addressesOf(host)) {
    const server = create();
    try {
      await listenOn(server, address === "*" ? { port } : { host: address, port: actualPort });
    } catch (error) {
      if (!missingAddress.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      missing = error;
      continue;
    }
    const info = server.address() as AddressInfo;
    actualPort = info.port;
    bindings.push({ server, bound: boundTcpAddress(info, secure) });
  }
  if (bindings.length === 0) throw missing;
  return bindings;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (host === "*" || isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}
