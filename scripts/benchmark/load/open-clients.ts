import type { RunningServer } from "../candidate/candidate.js";
import { availableBytes, kernelState } from "../machine/kernel.js";
import type { LoadClients, WaitResult } from "./load-clients.js";

/** The time-out for opening all clients: two milliseconds per client, but at least a minute. */
export const openWithinMs = (clients: number): number => Math.max(60_000, 2 * clients);
const openAttempts = 20;
/**
 * The benchmark stops below this free memory: the kernel would soon kill a process, possibly a process of another
 * program.
 */
const minimumMemoryBytes = 2 ** 30;
const memoryCheckMs = 250;

export interface OpenOptions {
  readonly loadClients: LoadClients;
  readonly clients: number;
  readonly server: RunningServer;
}

/**
 * Opens all clients. Refused clients retry, as real clients do. If some clients have no stream at the end, the function
 * rejects. The error contains the number of these clients, the state of the kernel and the server's log. If the machine
 * runs out of memory, the function ends the clients.
 */
export async function openAll({ loadClients, clients, server }: OpenOptions): Promise<WaitResult> {
  let outOfMemory: string | undefined;
  const guard = setInterval(() => {
    if (outOfMemory !== undefined || availableBytes() > minimumMemoryBytes) return;
    outOfMemory = kernelState();
    void loadClients.close();
  }, memoryCheckMs);
  try {
    const opened = await openWithRetries(loadClients, clients);
    if (opened.open === clients) return opened;
    throw new Error(`${shortfall(opened, clients)}; ${kernelState()}${logsOf(server)}`);
  } catch (error) {
    if (outOfMemory === undefined) throw error;
    throw new Error(`stopped while opening ${clients} clients: memory ran low (${outOfMemory})`, {
      cause: error,
    });
  } finally {
    clearInterval(guard);
  }
}

async function openWithRetries(loadClients: LoadClients, clients: number): Promise<WaitResult> {
  const within = openWithinMs(clients);
  let opened = await loadClients.open({ within });
  for (let attempt = 0; attempt < openAttempts && opened.open < clients; attempt++) {
    if (opened.micros >= within * 1000) break;
    const again = await loadClients.reconnect({ within });
    opened = {
      ...again,
      openMicros: opened.micros + again.openMicros,
      micros: opened.micros + again.micros,
      refused: opened.refused + again.refused,
    };
  }
  return opened;
}

function shortfall({ open, micros, lastStatus }: WaitResult, clients: number): string {
  const seconds = Math.round(micros / 1e6);
  return (
    `${open} of ${clients} clients have a stream after ${seconds} s and up to ${openAttempts} retries` +
    ` (last status: ${lastStatus})`
  );
}

/** The last part of each process's log, and the names of the processes that have ended. */
function logsOf({ processes }: RunningServer): string {
  const parts = processes.map((one) => {
    const ended = one.pids().length === 0 ? " (ended)" : "";
    return `log of ${one.name}${ended}: ${one.log.slice(-400).trim()}`;
  });
  return `; ${parts.join("; ")}`;
}
