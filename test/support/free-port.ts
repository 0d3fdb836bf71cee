import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * These ports are below the range from which Linux assigns ports itself, from 32768 on. Linux may give a port of that
 * range to another program before a test binds the port, or during a restart. If a client reconnects to a port of that
 * range, Linux may even assign the client this port as its local port. The client then connects to itself.
 */
const ports = { from: 15_000, to: 32_000 };

/**
 * A TCP port of 127.0.0.1 that is free now. Use this function only if port 0 is impossible: for Mongrel2, or for an
 * address that two runs share. Another program may bind the port before the caller does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to);
    if (await isFree(port)) return port;
  }
}

/** The first of several TCP ports in a row that are free now; see {@link freePort}. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(ports.from, ports.to);
    const all = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(all.map((port) => isFree(port)));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}
