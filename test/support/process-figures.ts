import { readFileSync } from "node:fs";

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

function statusKib(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status);
  if (line === null) throw new Error(`process ${pid} has no ${field}: it has ended`);
  return Number(line[1]);
}
