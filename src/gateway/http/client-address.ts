import { BlockList, SocketAddress, isIP } from "node:net";

/** Who a request comes from, as far as that can be known. */
export interface ClientAddress {
  /** In the one form that an address has here, see {@link parseIpAddress}; `unknown` where nobody could tell. */
  readonly address: string;
  /** What the client is counted under: its IPv4 address, or the /64 network of its IPv6 address. */
  readonly key: string;
  /** True where one address may stand for everybody: loopback, private networks, and proxies without a word of theirs. */
  readonly isLocal: boolean;
}

/** What a front knows of where a request comes from. */
export interface RequestSource {
  /** Who connected. */
  readonly peer: string | undefined;
  /** The header `x-forwarded-for`, all its values joined by commas. */
  readonly forwardedFor: string | undefined;
}

/** To ask a `BlockList` takes 8 µs, and each stream asks three times: when it connects, asks, and is let in. */
const rememberedAddresses = 1024;

/** A set of addresses, given as single ones or as networks in CIDR form. */
export class Networks {
  readonly #list = new BlockList();
  /** What was found of the addresses that were asked for last. */
  readonly #found = new Map<string, boolean>();
  readonly #isEmpty: boolean;

  /** Throws for what is neither an address nor a network. */
  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const network of networks) this.#add(network);
  }

  /** True for an address in the form of {@link parseIpAddress} that is one of them. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    return this.#found.get(address) ?? this.#look(address);
  }

  #look(address: string): boolean {
    const found = isIP(address) !== 0 && this.#list.check(address, familyOf(address));
    if (this.#found.size >= rememberedAddresses) this.#found.clear();
    this.#found.set(address, found);
    return found;
  }

  #add(network: string): void {
    const [address = "", bits] = network.split("/");
    const plain = parseIpAddress(address) ?? address;
    if (bits === undefined) this.#list.addAddress(plain, familyOf(plain));
    else this.#list.addSubnet(address, Number(bits), familyOf(address));
  }
}

/**
 * Loopback, private use, link-local and shared addresses [RFC 6890]: of this machine, of the local network, or of what a
 * container or a carrier translates to. Behind any of them a proxy may hide everybody.
 */
const localNetworks = new Networks([
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1",
  "fc00::/7",
  "fe80::/10",
]);

/**
 * Finds the client behind trusted proxies. Each proxy appends the address of whoever connected to it, so the header is
 * read from its right end, and only while what stands there is a proxy that is trusted: whatever a client wrote into it
 * lies to the left of its own address, and is never reached. Where a proxy says nothing readable, it is the client itself.
 */
export function clientAddress({ peer, forwardedFor }: RequestSource, proxies: Networks): ClientAddress {
  let address = parseIpAddress(peer ?? "");
  const hops = (forwardedFor ?? "").split(",");
  while (address !== undefined && proxies.has(address)) {
    const before = parseIpAddress(hostOf(hops.pop()?.trim() ?? ""));
    if (before === undefined) return { address, key: keyOf(address), isLocal: true };
    address = before;
  }
  if (address === undefined) return { address: "unknown", key: "unknown", isLocal: true };
  return { address, key: keyOf(address), isLocal: localNetworks.has(address) };
}

/**
 * The one form that an address has here: the shortest, in lower case, without a zone, and IPv4 where IPv6 only wraps it
 * [RFC 4291 2.5.5.2]. Undefined for what is no address.
 */
export function parseIpAddress(text: string): string | undefined {
  const [bare = ""] = text.split("%");
  const family = isIP(bare);
  if (family !== 6) return family === 4 ? bare : undefined;
  const { address } = new SocketAddress({ address: bare, family: "ipv6" });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
}

/** Some proxies add the port, and then brackets around an IPv6 address. */
function hostOf(entry: string): string {
  const found = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d+)?$/.exec(entry);
  return found?.[1] ?? found?.[2] ?? entry;
}

/** Whoever has one IPv6 address has the 64 bits behind it [RFC 4291 2.5.1]: to count each would count nothing. */
function keyOf(address: string): string {
  if (!address.includes(":")) return address;
  const [left, right] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const given = [...(left ?? []), ...(right ?? [])].length;
  const zeros = Array.from({ length: 8 - given }, () => "0");
  return `${[...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4).join(":")}::/64`;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
