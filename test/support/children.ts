import { readdirSync, readFileSync } from "node:fs";

/** The child processes of a process, oldest first. Zombies are included. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && fieldsOf(name)?.parent === parent)
    .map(Number)
    .sort((a, b) => a - b);
}

/** True if the process exists. A zombie also counts. */
export function isAlive(pid: number): boolean {
  return fieldsOf(String(pid)) !== undefined;
}

/** True if the process has ended, but the parent process has not collected the exit status. */
export function isZombie(pid: number): boolean {
  return fieldsOf(String(pid))?.state === "Z";
}

function fieldsOf(name: string): { readonly state: string | undefined; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // The command name may contain spaces and brackets. So the code counts the fields after the last bracket [proc(5)].
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    // The process has ended since the listing.
    return undefined;
  }
}
