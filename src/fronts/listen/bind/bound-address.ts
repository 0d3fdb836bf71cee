import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { BoundAddress } from "../../front.js";

/** The description of a bound address of TCP. */
export function boundTcpAddress({ address, port }: AddressInfo, secure: boolean): BoundAddress {
  const urlOf = (host: string): string => `${secure ? "https" : "http"}://${authorityOf(host, port)}`;
  if (address !== "0.0.0.0" && address !== "::") return { url: urlOf(address) };
  const addresses = outsideAddresses(address === "::");
  return {
    url: urlOf("127.0.0.1"),
    allInterfaces: { address: authorityOf(address, port), urls: addresses.map(urlOf) },
  };
}

function authorityOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The addresses of this machine's interfaces, without loopback and without addresses that are valid on one link only. */
function outsideAddresses(hasIPv6: boolean): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && (hasIPv6 || family === "IPv4"))
    .map(({ address }) => address)
    .filter((address) => !/^fe[89ab]/i.test(address));
}
