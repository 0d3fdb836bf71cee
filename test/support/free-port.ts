import { createServer } from "node:net";
import { parsePort } from "./parse-port.js";

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot be given port 0 (Mongrel2, an address
 * that two runs share). Everything else takes port 0: between this and the program's bind another may take the port.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const port = parsePort(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
