import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Resident memory of a process in bytes, from /proc. Throws when the process is gone. */
export function rssBytes(pid: number): number {
  return statusKib(pid, "VmRSS") * 1024;
}

/** The most resident memory that a process ever had, in bytes. */
export function peakRssBytes(pid: number): number {
  return statusKib(pid, "VmHWM") * 1024;
}

/** Processor time that a process has used in all its threads, user and system, in seconds (10 ms steps). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The command name may hold spaces and brackets: fields are counted from behind its last bracket [proc(5)].
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Every TCP port on which a process listens now, in order. Throws when the process is gone. */
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
    // Closed between the listing and now.
    return undefined;
  }
}

function statusKib(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status);
  if (line === null) throw new Error(`process ${pid} has no ${field}: it has ended`);
  return Number(line[1]);
}
