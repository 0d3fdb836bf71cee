import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Resident memory of a process in bytes, from /proc. Throws if the process has ended. */
export function rssBytes(pid: number): number {
  return statusKib(pid, "VmRSS") * 1024;
}

/** The peak of a process's resident memory, in bytes. */
export function peakRssBytes(pid: number): number {
  return statusKib(pid, "VmHWM") * 1024;
}

/** CPU time of all threads of a process, user and system, in seconds (in steps of 10 ms). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The command name may contain spaces and brackets. So the code counts the fields after the last bracket [proc(5)].
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** All TCP ports on which a process listens, sorted. Throws if the process has ended. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(pid, fd)));
  const rows = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n"),
  );
  const ports = rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    const isListener = state === "0A" && inodes.has(inode);
    return isListener && local !== undefined ? [Number.parseInt(local.split(":")[1] ?? "", 16)] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

function socketInode(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    // The process has closed the descriptor since the listing.
    return undefined;
  }
}

function statusKib(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status);
  if (line === null) throw new Error(`process ${pid} has no ${field}: it has ended`);
  return Number(line[1]);
}
