import { crc32c } from "../../src/fronts/listen/proxy/crc32c.js";
import { signature } from "../../src/fronts/listen/proxy/header-block.js";

/** The second half of the 13th byte of a header of version 2. */
export const commandBytes = { local: 0x20, proxy: 0x21 } as const;

/** The 14th byte of a header of version 2: address family and transport. */
export const protocolBytes = {
  unspecified: 0x00,
  tcp4: 0x11,
  udp4: 0x12,
  tcp6: 0x21,
  udp6: 0x22,
  unixStream: 0x31,
  unixDatagram: 0x32,
} as const;

export interface BlockParts {
  /** @default 0x21, the command PROXY */
  readonly command?: number;
  readonly protocol: number;
  /** The bytes of both addresses and ports. */
  readonly addresses: Buffer;
  /** @default none */
  readonly tlvs?: readonly (readonly [type: number, value: Buffer])[];
  /** True: a TLV with the checksum follows. @default false */
  readonly hasChecksum?: boolean;
}

/** A header of version 2. */
export function encodeBlock(parts: BlockParts): Buffer {
  const { command = commandBytes.proxy, protocol, addresses, tlvs = [], hasChecksum = false } = parts;
  const all = hasChecksum ? [...tlvs, [3, Buffer.alloc(4)] as const] : tlvs;
  const block = Buffer.concat([addresses, ...all.map(([type, value]) => encodeTlv(type, value))]);
  const head = Buffer.from([command, protocol, block.length >> 8, block.length & 0xff]);
  const header = Buffer.concat([signature, head, block]);
  if (hasChecksum) header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

/** The addresses and ports of two IPv4 ends. */
export function ipv4Ends(source: string, destination = "192.0.2.1"): Buffer {
  const bytes = (address: string): readonly number[] => address.split(".").map(Number);
  return Buffer.from([...bytes(source), ...bytes(destination), 0x12, 0x34, 0x1f, 0x90]);
}

/** The addresses and ports of two IPv6 ends. An address has all its eight groups. */
export function ipv6Ends(source: string, destination = "2001:db8:0:0:0:0:0:1"): Buffer {
  const bytes = (address: string): readonly number[] =>
    address
      .split(":")
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  return Buffer.from([...bytes(source), ...bytes(destination), 0x12, 0x34, 0x1f, 0x90]);
}

function encodeTlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
}
