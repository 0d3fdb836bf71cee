import type { DelayFigures, EventLoopDelay } from "./event-loop-delay.js";
import { openDescriptors } from "./process-descriptors.js";

/** What a process uses of its machine. */
export interface ProcessUsage {
  readonly residentBytes: number;
  /** Undefined if the system does not tell it. */
  readonly openDescriptors?: number | undefined;
  readonly delay: DelayFigures;
}

/** What this process uses now. */
export function processUsage({ figures }: EventLoopDelay): ProcessUsage {
  return {
    residentBytes: process.memoryUsage.rss(),
    openDescriptors: openDescriptors(),
    delay: figures,
  };
}
