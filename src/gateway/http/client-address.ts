import { BlockList, SocketAddress, isIP } from "node:net";
import { rememberMany } from "../../base/live/remember-many.js";

/** The client that sent a request. */
export interface ClientAddress {
  /**
   * The address in the form of {@link parseIpAddress}; `unix` for a program at a unix socket, `unknown` if the front does
   * not know the address.
   */
  readonly address: string;
  /** The key of the client's counters: its IPv4 address, or the /64 network of its IPv6 address. */
  readonly key: string;
  /** True if many clients may share the address: loopback, private networks, proxies that do not name the client. */
  readonly isLocal: boolean;
}

/** The addresses that a front knows for a request. */
export interface RequestSource {
  /** The address of the TCP peer, or {@link unixPeer}. */
  readonly peer: string | undefined;
  /** The header `x-forwarded-for`, its values joined by commas. */
  readonly forwardedFor: string | undefined;
}

/**
 * The number of addresses whose look-ups, forms and keys are remembered. A look-up in a `BlockList` needs 8 µs, and each
 * stream needs three: for its connection, its request and its admission. The form and the key of an IPv6 address need 5
 * µs, also for an IPv4 address at a socket that listens on `::`.
 */
const rememberedAddresses = 1024;

/** The form of {@link parseIpAddress} for an IPv6 address. */
const ipv6Form = rememberMany(rememberedAddresses, (text) => {
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
});

/** The peer of a connection at a unix socket. The system tells no address of this peer. */
export const unixPeer = "unix";

/** A set of addresses and of networks in CIDR form, which may also contain {@link unixPeer}. */
export class Networks {
  readonly #list = new BlockList();
  readonly #lookUp = rememberMany(
    rememberedAddresses,
    (address) => isIP(address) !== 0 && this.#list.check(address, familyOf(address)),
  );
  readonly #isEmpty: boolean;
  readonly #hasUnix: boolean;

  /** Throws if a text is neither an address, nor a network, nor `unix`. */
  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    this.#hasUnix = networks.includes(unixPeer);
    for (const network of networks) if (network !== unixPeer) this.#add(network);
  }

  /** True if the set has this address, which must have the form of {@link parseIpAddress}, or be `unix`. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    if (address === unixPeer) return this.#hasUnix;
    return this.#lookUp(address);
  }

  #add(network: string): void {
    const [address = "", bits] = network.split("/");
    const plain = parseIpAddress(address) ?? address;
    if (bits === undefined) this.#list.addAddress(plain, familyOf(plain));
    else this.#list.addSubnet(address, Number(bits), familyOf(address));
  }
}

/**
 * Loopback, private, link-local and shared addresses [RFC 6890]. Containers and carriers translate other addresses to
 * these addresses. A proxy with such an address may forward the requests of all clients.
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

/** The address of a client that the front does not know. */
export const unknownAddress = "unknown";

/** The client of a request, for the limits: see {@link findClient}. */
export function clientAddress(source: RequestSource, proxies: Networks): ClientAddress {
  const { address, isNamed } = findClient(source, proxies);
  if (address === undefined) return { address: unknownAddress, key: unknownAddress, isLocal: true };
  const isLocal = !isNamed || address === unixPeer || localNetworks.has(address);
  return { address, key: keyOf(address), isLocal };
}

/** The result of {@link findClient}. */
export interface FoundClient {
  /** In the form of {@link parseIpAddress}, or {@link unixPeer}; undefined if the front does not know it. */
  readonly address: string | undefined;
  /** False if the address is that of a proxy that names no client. */
  readonly isNamed: boolean;
  /** The number of trusted proxies that the request has passed, with a proxy that names no client. */
  readonly passed: number;
}

/**
 * Finds the client behind trusted proxies. Each proxy appends the address of its peer. So the function reads the
 * header from its right end, for as long as it finds trusted proxies. Text that the client itself put into the header
 * is left of the client's address, so the hub never uses that text. If a trusted proxy names no readable address, the
 * proxy counts as the client.
 */
export function findClient({ peer, forwardedFor }: RequestSource, proxies: Networks): FoundClient {
  let address = peer === unixPeer ? peer : parseIpAddress(peer ?? "");
  let passed = 0;
  let hops: string[] | undefined;
  while (address !== undefined && proxies.has(address)) {
    passed += 1;
    hops ??= (forwardedFor ?? "").split(",");
    const before = parseIpAddress(hostOf(hops.pop()?.trim() ?? ""));
    if (before === undefined) return { address, isNamed: false, passed };
    address = before;
  }
  return { address, isNamed: true, passed };
}

/**
 * The canonical form of an address: the shortest form, in lower case, without a zone. An IPv6 address that maps an
 * IPv4 address becomes the IPv4 address [RFC 4291 2.5.5.2]. Undefined if the text is not an address.
 */
export function parseIpAddress(text: string): string | undefined {
  const zone = text.indexOf("%");
  const bare = zone < 0 ? text : text.slice(0, zone);
  const family = isIP(bare);
  if (family !== 6) return family === 4 ? bare : undefined;
  return ipv6Form(bare);
}

/** Removes the port and the brackets that some proxies add to an address. */
function hostOf(entry: string): string {
  const found = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d+)?$/.exec(entry);
  return found?.[1] ?? found?.[2] ?? entry;
}

function keyOf(address: string): string {
  return address.includes(":") ? ipv6Key(address) : address;
}

/**
 * A host can use all 2^64 addresses of its IPv6 network [RFC 4291 2.5.1], so the whole network counts as one client.
 */
const ipv6Key = rememberMany(rememberedAddresses, (address) => {
  const [left, right] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const given = [...(left ?? []), ...(right ?? [])].length;
  const zeros = Array.from({ length: 8 - given }, () => "0");
  return `${[...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4).join(":")}::/64`;
});

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
