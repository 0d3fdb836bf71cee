import { readdirSync, readFileSync } from "node:fs";

/** A process and its living descendants. */
export function processTree(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  // The array grows during the loop, so the loop also visits grandchildren.
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/**
 * Resident memory of several processes together, in bytes. Shared pages count once (proportional set size).
 */
export function memoryBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssBytes(pid), 0);
}

/** CPU time of all current threads of several processes, in seconds. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (tryRead(() => nanosecondsOf(pid) / 1e9) ?? 0), 0);
}

/**
 * Reads schedstat, which counts nanoseconds. /proc/PID/stat has steps of 10 ms, and ten publications to 100 clients
 * need less CPU time than one step.
 */
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
  // The command name may contain spaces and brackets, so the other fields begin after the last closing bracket
  // [proc(5)].
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** A process may end after the code has listed it and before the code reads its files. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
