import { readdirSync, readFileSync } from "node:fs";

/** The processes that a process has started and not yet buried, first started first. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && fieldsOf(name)?.parent === parent)
    .map(Number)
    .sort((a, b) => a - b);
}

/** False when the process is gone; true also for one that is dead but not buried. */
export function isAlive(pid: number): boolean {
  return fieldsOf(String(pid)) !== undefined;
}

/** True when the process is dead, and its parent has not heard of it. */
export function isZombie(pid: number): boolean {
  return fieldsOf(String(pid))?.state === "Z";
}

function fieldsOf(name: string): { readonly state: string | undefined; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // The command name may hold spaces and brackets: fields are counted from behind its last bracket [proc(5)].
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    // It has ended between the listing and now.
    return undefined;
  }
}
