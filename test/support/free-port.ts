import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * The kernel gives ports from 32768 on (Linux) to whoever asks for any. One of those might be anybody's before it is
 * bound, or bound again after a restart; and a client that goes on connecting to it while nobody listens may be given
 * it as its own port and so connect to itself.
 */
const ports = { from: 15_000, to: 32_000 };

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot be given port 0 (Mongrel2, an address
 * that two runs share). Everything else takes port 0: between this and the program's bind another may take the port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to);
    if (await isFree(port)) return port;
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
