import { readdirSync, readFileSync } from "node:fs";

/** A process and all that descend from it, as far as they live. */
export function familyOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = [pid];
  // Grows while it is walked.
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

/**
 * Resident memory of several processes together, in bytes. Pages that they share count once (the proportional set
 * size), so that a server of several processes is not charged twice for its shared memory.
 */
export function memoryBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssBytes(pid), 0);
}

/** Processor time of all threads that several processes have now, in seconds. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (tryRead(() => nanosecondsOf(pid) / 1e9) ?? 0), 0);
}

/** To the nanosecond, where /proc/PID/stat has steps of 10 ms: more than ten publications to 100 clients cost. */
function nanosecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const text = tryRead(() => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8"));
    return sum + Number(text?.split(" ")[0] ?? 0);
  }, 0);
}

function pssBytes(pid: number): number {
  const text = tryRead(() => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? "";
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

function parentOf(pid: number): number | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The command name may hold spaces and brackets: fields are counted from behind its last bracket [proc(5)].
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** A process may end between the listing and now. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
