import { parseIpAddress } from "../../../gateway/http/client-address.js";
import { crc32c } from "./crc32c.js";
import type { ProxyHeader } from "./proxy-header.js";

/** The first 12 bytes of each header of version 2 [PROXY protocol 2.2]. */
export const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** The bytes before the addresses: the signature, version and command, family and transport, length. */
export const headBytes = 16;

/** The values of the 13th byte: the version in the high half, the command in the low half. */
const commands: ReadonlyMap<number, "local" | "proxy"> = new Map([
  [0x20, "local"],
  [0x21, "proxy"],
]);

/** An address family: the bytes of both addresses with their ports, and the source address as text. */
interface Family {
  readonly bytes: number;
  readonly source: (block: Buffer) => string | undefined;
}

/** The families, by the high half of the 14th byte. The paths of unix sockets are not addresses of clients. */
const families: readonly Family[] = [
  { bytes: 0, source: () => undefined },
  { bytes: 12, source: (block) => block.subarray(0, 4).join(".") },
  { bytes: 36, source: (block) => parseIpAddress(groupsOf(block.subarray(0, 16))) },
  { bytes: 216, source: () => undefined },
];

/** The transports, in the low half of the 14th byte: unspecified, stream, datagram. */
const transports = 3;

const checksumType = 3;
const checksumBytes = 4;

/** The first {@link headBytes} of a header of version 2. */
export interface HeaderHead {
  readonly command: "local" | "proxy";
  readonly family: Family;
  /** The number of bytes that follow: addresses and TLVs. */
  readonly length: number;
}

/** Parses the head of a header of version 2. Returns the reason as text if the head is malformed. */
export function parseHeaderHead(head: Buffer): HeaderHead | string {
  const command = commands.get(head.readUInt8(12));
  if (command === undefined) return "an unknown version or command";
  const protocol = head.readUInt8(13);
  const family = families[protocol >> 4];
  if (family === undefined || (protocol & 0x0f) >= transports)
    return "an unknown address family or transport";
  return { command, family, length: head.readUInt16BE(14) };
}

/**
 * Parses a whole header of version 2. With the command LOCAL, the proxy itself is the client, and everything behind the
 * head is ignored. Returns the reason as text if the header is malformed.
 */
export function parseHeaderBlock(header: Buffer, { command, family }: HeaderHead): ProxyHeader | string {
  if (command === "local") return { client: undefined };
  const block = header.subarray(headBytes);
  if (block.length < family.bytes) return "a length that is too small for its addresses";
  return faultOfTlvs(header, headBytes + family.bytes) ?? { client: family.source(block) };
}

/** The fault of the TLVs (type, length, value), which follow the addresses up to the end of the header. */
function faultOfTlvs(header: Buffer, start: number): string | undefined {
  for (let at = start; at < header.length;) {
    if (header.length - at < 3) return "a TLV that is cut off";
    const type = header.readUInt8(at);
    const value = header.subarray(at + 3, at + 3 + header.readUInt16BE(at + 1));
    if (value.length !== header.readUInt16BE(at + 1)) return "a TLV that is cut off";
    if (type === checksumType && !isChecksum(header, value)) return "a wrong checksum";
    at += 3 + value.length;
  }
  return undefined;
}

/** The checksum counts the bytes of its own value as zeros [PROXY protocol 2.2.3]. */
function isChecksum(header: Buffer, value: Buffer): boolean {
  if (value.length !== checksumBytes) return false;
  const expected = value.readUInt32BE(0);
  const at = value.byteOffset - header.byteOffset;
  return crc32c(Buffer.from(header).fill(0, at, at + checksumBytes)) === expected;
}

function groupsOf(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return groups.join(":");
}
