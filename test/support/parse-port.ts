import type { AddressInfo } from "node:net";

/** The port of a listening TCP server, from its `address()`. */
export function parsePort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string")
    throw new TypeError("the server does not listen on TCP");
  return address.port;
}
