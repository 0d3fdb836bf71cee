import { describe, expect, it } from "vitest";
import {
  ProxyHeaderParser,
  longestLineBytes,
  mostBlockBytes,
} from "../../../../src/fronts/listen/proxy/proxy-header-parser.js";
import type { ProxyHeaderProgress } from "../../../../src/fronts/listen/proxy/proxy-header-parser.js";
import {
  commandBytes,
  encodeBlock,
  ipv4Ends,
  ipv6Ends,
  protocolBytes,
} from "../../../support/proxy-headers.js";

/** Pushes the pieces until the parser has decided. Returns its decision, with all bytes behind the header. */
function parse(...pieces: readonly Buffer[]): ProxyHeaderProgress {
  const parser = new ProxyHeaderParser();
  for (const [index, piece] of pieces.entries()) {
    const progress = parser.push(piece);
    if (progress.kind === "complete")
      return { ...progress, rest: Buffer.concat([progress.rest, ...pieces.slice(index + 1)]) };
    if (progress.kind === "malformed") return progress;
  }
  return { kind: "incomplete" };
}

function found(client: string | undefined, rest = ""): ProxyHeaderProgress {
  return { kind: "complete", header: { client }, rest: Buffer.from(rest) };
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

const tcp4 = encodeBlock({ protocol: protocolBytes.tcp4, addresses: ipv4Ends("198.51.100.7") });
const tcp6 = encodeBlock({ protocol: protocolBytes.tcp6, addresses: ipv6Ends("2001:db8:0:0:0:0:0:7") });
const uniqueId = [5, Buffer.from("a-unique-id")] as const;

const valid: readonly (readonly [name: string, header: Buffer, client: string | undefined])[] = [
  ["TCP4", bytesOf("PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n"), "198.51.100.7"],
  ["TCP6", bytesOf("PROXY TCP6 2001:db8::7 2001:DB8::1 0 65535\r\n"), "2001:db8::7"],
  ["TCP6 in a long form", bytesOf("PROXY TCP6 2001:DB8:0:0:0:0:0:7 ::1 1 2\r\n"), "2001:db8::7"],
  ["TCP6 with a mapped address", bytesOf("PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n"), "198.51.100.7"],
  ["UNKNOWN", bytesOf("PROXY UNKNOWN\r\n"), undefined],
  ["UNKNOWN with any text", bytesOf("PROXY UNKNOWN ffff::1 whatever it is\r\n"), undefined],
  ["version 2, TCP over IPv4", tcp4, "198.51.100.7"],
  ["version 2, TCP over IPv6", tcp6, "2001:db8::7"],
  [
    "version 2, UDP over IPv4",
    encodeBlock({ protocol: protocolBytes.udp4, addresses: ipv4Ends("198.51.100.7") }),
    "198.51.100.7",
  ],
  [
    "version 2, UDP over IPv6",
    encodeBlock({ protocol: protocolBytes.udp6, addresses: ipv6Ends("2001:db8:0:0:0:0:0:7") }),
    "2001:db8::7",
  ],
  [
    "version 2, a unix stream",
    encodeBlock({ protocol: protocolBytes.unixStream, addresses: Buffer.alloc(216, "/") }),
    undefined,
  ],
  [
    "version 2, a unix datagram",
    encodeBlock({ protocol: protocolBytes.unixDatagram, addresses: Buffer.alloc(216) }),
    undefined,
  ],
  [
    "version 2, no family",
    encodeBlock({ protocol: protocolBytes.unspecified, addresses: Buffer.alloc(0) }),
    undefined,
  ],
  [
    "version 2, LOCAL",
    encodeBlock({ command: commandBytes.local, protocol: 0, addresses: Buffer.alloc(0) }),
    undefined,
  ],
  [
    "version 2, LOCAL with addresses, which do not count",
    encodeBlock({
      command: commandBytes.local,
      protocol: protocolBytes.tcp4,
      addresses: ipv4Ends("198.51.100.7"),
    }),
    undefined,
  ],
  [
    "version 2, LOCAL with bytes that have no meaning",
    encodeBlock({
      command: commandBytes.local,
      protocol: protocolBytes.tcp6,
      addresses: Buffer.from("any text"),
    }),
    undefined,
  ],
  [
    "version 2 with TLVs, one of them empty",
    encodeBlock({
      protocol: protocolBytes.tcp4,
      addresses: ipv4Ends("198.51.100.7"),
      tlvs: [uniqueId, [4, Buffer.alloc(0)], [0xe0, Buffer.alloc(300)]],
    }),
    "198.51.100.7",
  ],
  [
    "version 2 with a checksum",
    encodeBlock({
      protocol: protocolBytes.tcp6,
      addresses: ipv6Ends("2001:db8:0:0:0:0:0:7"),
      tlvs: [uniqueId],
      hasChecksum: true,
    }),
    "2001:db8::7",
  ],
  [
    "version 2 with as many bytes as allowed",
    encodeBlock({
      protocol: protocolBytes.tcp4,
      addresses: ipv4Ends("198.51.100.7"),
      tlvs: [[0xe0, Buffer.alloc(mostBlockBytes - 12 - 3)]],
    }),
    "198.51.100.7",
  ],
];

describe.each(valid)("a header %s", (_name, header, client) => {
  const request = "GET / HTTP/1.1\r\n\r\n";

  it("is understood whole, with the request behind it", () => {
    expect(parse(Buffer.concat([header, bytesOf(request)]))).toEqual(found(client, request));
  });

  it("is understood byte by byte", () => {
    const bytes = Buffer.concat([header, bytesOf(request)]);
    expect(parse(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(found(client, request));
  });

  it("is understood when it is split at any point", () => {
    for (let at = 1; at < Math.min(header.length, 600); at += 1)
      expect(parse(header.subarray(0, at), header.subarray(at))).toEqual(found(client));
  });

  it("is incomplete without its last byte", () => {
    expect(parse(header.subarray(0, -1))).toEqual({ kind: "incomplete" });
  });
});

/** A header with one changed byte. */
function changed(header: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(header);
  copy[at] = byte;
  return copy;
}

const checked = encodeBlock({
  protocol: protocolBytes.tcp4,
  addresses: ipv4Ends("198.51.100.7"),
  hasChecksum: true,
});

const malformed: readonly (readonly [name: string, bytes: Buffer, fault: RegExp])[] = [
  ["a request", bytesOf("GET / HTTP/1.1\r\n"), /^no PROXY header$/],
  ["a TLS handshake", Buffer.from([0x16, 0x03, 0x01, 0x02]), /^no PROXY header$/],
  ["a word that begins like PROXY", bytesOf("PROPFIND / HTTP/1.1\r\n"), /^no PROXY header$/],
  ["an empty line", bytesOf("\r\nGET / HTTP/1.1"), /^no PROXY header$/],
  ["lower case", bytesOf("proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n"), /^no PROXY header$/],
  ["another family", bytesOf("PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["UNKNOWN without its space", bytesOf("PROXY UNKNOWNx\r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["no ports", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4\r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["two spaces", bytesOf("PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["a space at the end", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["a port with a leading zero", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n"), /TCP4, TCP6 or UNKNOWN/],
  ["a large port", bytesOf("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"), /port above 65535/],
  ["an IPv6 address in TCP4", bytesOf("PROXY TCP4 ::1 ::1 1 1\r\n"), /family TCP4/],
  ["an IPv4 address in TCP6", bytesOf("PROXY TCP6 1.2.3.4 ::1 1 1\r\n"), /family TCP6/],
  ["an address with leading zeros", bytesOf("PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n"), /family TCP4/],
  ["an address with a zone", bytesOf("PROXY TCP6 fe80::1%lo ::1 1 1\r\n"), /family TCP6/],
  ["a wrong destination", bytesOf("PROXY TCP4 1.2.3.4 1.2.3 1 1\r\n"), /family TCP4/],
  ["an end without CR", bytesOf("PROXY UNKNOWN\n"), /without CR/],
  [
    "a line that is too long",
    bytesOf(`PROXY UNKNOWN ${"x".repeat(longestLineBytes)}\r\n`),
    /line of more than 107 bytes/,
  ],
  ["version 1 in the form of version 2", changed(tcp4, 12, 0x11), /version or command/],
  ["an unknown command", changed(tcp4, 12, 0x22), /version or command/],
  ["an unknown family", changed(tcp4, 13, 0x41), /address family or transport/],
  ["an unknown transport", changed(tcp4, 13, 0x13), /address family or transport/],
  ["a signature with a fault", changed(tcp4, 11, 0), /^no PROXY header$/],
  ["a length that is too small", encodeBlock({ protocol: 0x11, addresses: Buffer.alloc(11) }), /too small/],
  ["a length that is too large", changed(tcp4, 14, 0x41), /more than 16384 bytes/],
  ["a TLV without its length", encodeBlock({ protocol: 0x11, addresses: Buffer.alloc(14) }), /TLV/],
  [
    "a TLV that is longer than the header",
    encodeBlock({ protocol: 0x11, addresses: Buffer.concat([ipv4Ends("1.2.3.4"), Buffer.from([4, 0, 1])]) }),
    /TLV/,
  ],
  ["a wrong checksum", changed(checked, 16, 9), /checksum/],
  [
    "a checksum of three bytes",
    encodeBlock({ protocol: 0x11, addresses: ipv4Ends("1.2.3.4"), tlvs: [[3, Buffer.alloc(3)]] }),
    /checksum/,
  ],
];

describe.each(malformed)("%s", (_name, bytes, fault) => {
  it("is malformed, whole or byte by byte", () => {
    const whole = parse(bytes);
    expect(whole).toEqual({ kind: "malformed", fault: expect.stringMatching(fault) as string });
    expect(parse(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
  });
});

it("the longest line is still a header", () => {
  const line = `PROXY UNKNOWN ${"x".repeat(longestLineBytes - "PROXY UNKNOWN \r\n".length)}\r\n`;
  expect(parse(bytesOf(line))).toEqual(found(undefined));
});

it("a malformed header is known before its end", () => {
  expect(parse(bytesOf("G"))).toMatchObject({ kind: "malformed" });
  expect(parse(bytesOf("\r\n\r\nG"))).toMatchObject({ kind: "malformed" });
  expect(parse(changed(tcp4, 14, 0xff).subarray(0, 16))).toMatchObject({ kind: "malformed" });
});
