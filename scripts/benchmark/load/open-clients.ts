import type { Running } from "../candidate/candidate.js";
import type { Crowd, CrowdWait } from "./load-clients.js";
import { availableBytes, kernelState } from "../machine/kernel.js";

/** Two milliseconds for each client, and a minute at least. */
export const openWithinMs = (clients: number): number => Math.max(60_000, 2 * clients);
const openAttempts = 20;
/** With less than this left the kernel would soon end some process, and perhaps one of somebody else. */
const memoryLeftBytes = 2 ** 30;
const lookEveryMs = 250;

export interface Opening {
  readonly crowd: Crowd;
  readonly clients: number;
  readonly server: Running;
}

/**
 * Opens all; those that are refused try again, as real clients would, for a while. Rejects with what stood in the way:
 * how many were open, what the kernel had left and what the server said. Ends the clients when memory runs out.
 */
export async function openAll(opening: Opening): Promise<CrowdWait> {
  const { crowd, clients, server } = opening;
  let full: string | undefined;
  const guard = setInterval(() => {
    if (full !== undefined || availableBytes() > memoryLeftBytes) return;
    full = kernelState();
    void crowd.close();
  }, lookEveryMs);
  try {
    const opened = await openInTurns(crowd, clients);
    if (opened.open === clients) return opened;
    throw new Error(`${shortfall(opened, clients)}; ${kernelState()}${saidBy(server)}`);
  } catch (error) {
    if (full === undefined) throw error;
    throw new Error(`stopped before memory ran out on the way to ${clients} clients: ${full}`, {
      cause: error,
    });
  } finally {
    clearInterval(guard);
  }
}

async function openInTurns(crowd: Crowd, clients: number): Promise<CrowdWait> {
  const within = openWithinMs(clients);
  let opened = await crowd.open({ within });
  for (let attempt = 0; attempt < openAttempts && opened.open < clients; attempt++) {
    if (opened.micros >= within * 1000) break;
    const again = await crowd.reconnect({ within });
    opened = {
      ...again,
      openMicros: opened.micros + again.openMicros,
      micros: opened.micros + again.micros,
      refused: opened.refused + again.refused,
    };
  }
  return opened;
}

function shortfall({ open, micros, lastStatus }: CrowdWait, clients: number): string {
  const seconds = Math.round(micros / 1e6);
  return (
    `${open} of ${clients} clients have a stream after ${seconds} s and up to ${openAttempts} more attempts` +
    ` (the last status was ${lastStatus})`
  );
}

/** Which part is gone, and the end of each one's log. */
function saidBy({ counted }: Running): string {
  const parts = counted.map((child) => {
    const ended = child.pids().length === 0 ? " has ended and" : "";
    return `${child.name}${ended} said: ${child.log.slice(-400).trim()}`;
  });
  return `; ${parts.join("; ")}`;
}
