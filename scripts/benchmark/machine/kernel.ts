import { readFileSync } from "node:fs";

/**
 * Free memory plus file cache, in bytes. The kernel's MemAvailable also counts half of the inodes of open sockets as
 * free: with 200,000 sockets, MemAvailable was 0.5 GB too high.
 */
export function availableBytes(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return (of("MemFree") + of("Buffers") + of("Cached") - of("Shmem")) * 1024;
}

/** The current use of files, sockets and memory in one line. Many clients exhaust these resources first. */
export function kernelState(): string {
  const [files, , most] = readFileSync("/proc/sys/fs/file-nr", "utf8").trim().split(/\s+/).map(Number);
  const tcp = /^TCP: inuse (\d+) .* mem (\d+)$/m.exec(readFileSync("/proc/net/sockstat", "utf8"));
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return (
    `${thousands(files)} of ${thousands(most)} files open, ${thousands(Number(tcp?.[1]))} TCP sockets ` +
    `with ${gib(Number(tcp?.[2] ?? 0) * 4096)} in their buffers, ${gib(availableBytes())} of memory left`
  );
}

/** The kernel's limits in one line, for the resources that many clients exhaust first. */
export function kernelLimits(): string {
  const read = (name: string): string => readFileSync(`/proc/sys/${name}`, "utf8").trim();
  const [, , tcpPages] = read("net/ipv4/tcp_mem").split(/\s+/).map(Number);
  const [from = 0, to = 0] = read("net/ipv4/ip_local_port_range").split(/\s+/).map(Number);
  return (
    `fs.file-max ${thousands(Number(read("fs/file-max")))}, net.core.somaxconn ${read("net/core/somaxconn")}, ` +
    `${thousands(to - from + 1)} ports per address, ` +
    `TCP buffers ${((Number(tcpPages) * 4096) / 2 ** 30).toFixed(1)} GiB maximum`
  );
}

function thousands(value: number | undefined): string {
  return value === undefined ? "unknown" : value.toLocaleString("en");
}
