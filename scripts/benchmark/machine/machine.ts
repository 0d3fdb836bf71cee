import { cpus, loadavg, release, totalmem, type as osType } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run in the minute before: above 1 something else was going on. */
  readonly loadBefore: number;
}

/** What this machine is. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${osType()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
}
