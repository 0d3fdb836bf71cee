import { readFileSync } from "node:fs";

/** One direction of a TCP connection on this machine, named by its two ports. */
export interface Direction {
  readonly from: number;
  readonly to: number;
}

/**
 * Bytes that the program at `from` has sent and the program at `to` has not read yet, from /proc. Returns 0 if the
 * connection is closed, because then the program at `to` never reads the bytes.
 */
export function unreadBytes({ from, to }: Direction): number {
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").split("\n"));
  let bytes = 0;
  for (const row of rows) {
    const [, local = "", remote = "", , queues = ""] = row.trim().split(/\s+/);
    const [sent, received] = queues.split(":").map((count) => Number.parseInt(count, 16));
    if (portOf(local) === from && portOf(remote) === to) bytes += sent ?? 0;
    if (portOf(local) === to && portOf(remote) === from) bytes += received ?? 0;
  }
  return bytes;
}

/** The port in an address such as `0100007F:1F90`. */
function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
}
