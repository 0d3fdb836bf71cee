import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { endianness } from "node:os";

/** A TCP connection whose peer has not acknowledged all bytes. */
export interface Unacknowledged {
  /** The connection, as {@link tcpKey} writes it. */
  readonly key: string;
  /** The bytes that the peer has not acknowledged. */
  readonly bytes: number;
  /** How often the system has sent bytes again, or asked for room, since the last answer of the peer. */
  readonly attempts: number;
}

/** The tables of the system [proc(5)]. A system without IPv6 does not have the second table. */
const systemTables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"] as const;

/** The size of one read, in bytes: the system returns no more at once, about 27 rows. */
const chunkBytes = 4096;

/**
 * A row of an open connection (state 01): the local port, the peer, the unacknowledged bytes, the number of
 * retransmissions, and the number of unanswered window probes.
 */
const row =
  /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) 01 ([0-9A-F]{8}):[0-9A-F]{8} [0-9A-F]{2}:[0-9A-F]{8} ([0-9A-F]{8})\s+\d+\s+(\d+)/;

/** Parses one row; undefined if the peer has acknowledged everything. */
export function parseTcpRow(line: string): Unacknowledged | undefined {
  const [, port = "", peer = "", queue = "", retransmissions = "", probes = ""] = row.exec(line) ?? [];
  const bytes = Number.parseInt(queue, 16);
  const attempts = Number.parseInt(retransmissions, 16) + Number(probes);
  return bytes > 0 ? { key: `${port} ${peer}`, bytes, attempts } : undefined;
}

/**
 * Reads the unacknowledged connections of this machine, in pieces, so that other work can run. Skips the tables that the
 * system does not have, and rejects if it cannot read another table.
 *
 * @param tables the files @default the tables of the system
 */
export async function readUnacknowledged(
  tables: readonly string[] = systemTables,
): Promise<readonly Unacknowledged[]> {
  const found: Unacknowledged[] = [];
  for (const table of tables.filter((file) => existsSync(file)))
    for await (const lines of linesOf(table)) for (const line of lines) add(found, parseTcpRow(line));
  return found;
}

function add(found: Unacknowledged[], each: Unacknowledged | undefined): void {
  if (each !== undefined) found.push(each);
}

/** Not by a stream: it would use a new buffer for each read, for 8,000 rows more than 20 MB in all. */
async function* linesOf(file: string): AsyncIterable<readonly string[]> {
  const handle = await open(file);
  try {
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    let rest = "";
    for (;;) {
      const { bytesRead } = await handle.read(chunk);
      if (bytesRead === 0) return;
      const lines = (rest + chunk.toString("latin1", 0, bytesRead)).split("\n");
      rest = lines.pop() ?? "";
      yield lines;
    }
  } finally {
    await handle.close();
  }
}

/** The two ends of a connection. */
export interface TcpEnds {
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The name of a connection in the tables: its local port and its peer; undefined for a closed connection. */
export function tcpKey({ localPort, remoteAddress, remotePort }: TcpEnds): string | undefined {
  if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return undefined;
  return `${hexPort(localPort)} ${hexAddress(remoteAddress)}:${hexPort(remotePort)}`;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** The kernel prints an address as 32-bit numbers in the byte order of the machine. */
function hexAddress(address: string): string {
  const bytes = address.includes(":") ? ipv6Bytes(address) : ipv4Bytes(address);
  const words = Buffer.from(bytes);
  if (endianness() === "LE") words.swap32();
  return words.toString("hex").toUpperCase();
}

function ipv4Bytes(address: string): readonly number[] {
  return address.split(".").map(Number);
}

/** The system writes an address in the form of RFC 5952, possibly with the name of an interface at the end. */
function ipv6Bytes(address: string): readonly number[] {
  const [before = [], after] = address.replace(/%.*$/, "").split("::").map(groupBytes);
  const missing = 16 - before.length - (after?.length ?? 0);
  return [...before, ...Array.from({ length: missing }, () => 0), ...(after ?? [])];
}

function groupBytes(groups: string): readonly number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
