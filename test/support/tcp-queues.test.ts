import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parsePort } from "./parse-port.js";
import { connectRaw } from "./raw-http.js";
import { unreadBytes } from "./tcp-queues.js";
import { waitFor } from "./wait-for.js";

test("what a program has not read is counted, and not what it has", async () => {
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const port = parsePort(server.address());
  const accepted = once(server, "connection");
  const client = await connectRaw({ port });
  const [socket] = (await accepted) as [Socket];
  client.write("12345");
  const direction = { from: client.localPort, to: port };
  expect(unreadBytes(direction)).toBe(5);
  expect(unreadBytes({ from: port, to: client.localPort })).toBe(0);
  socket.resume();
  await waitFor(() => unreadBytes(direction) === 0, { within: 60_000, missing: "the reading of five bytes" });
});
