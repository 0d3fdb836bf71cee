import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parsePort } from "./parse-port.js";
import { connectRaw, exchangeRaw } from "./raw-http.js";
import { startTcpProxy } from "./tcp-proxy.js";
import { freePort } from "./free-port.js";

async function listen(onRequest: (text: string, end: (answer: string) => void) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("welcome ");
    socket.on("data", (bytes) =>
      onRequest(bytes.toString("latin1"), (answer) => socket.end(Buffer.from(answer, "latin1"))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return parsePort(server.address());
}

test("bytes go out as they are and all that comes back is read to the end", async () => {
  const port = await listen((text, end) => end(`got ${text}`));
  expect(await exchangeRaw({ port }, { bytes: "caf\u00e9", within: 60_000 })).toBe("welcome got caf\u00e9");
});

test("reading until something fails with what came instead", async () => {
  const port = await listen(() => undefined);
  const connection = await connectRaw({ port });
  expect(await connection.readUntil("come", { within: 60_000 })).toContain("welcome");
  await expect(connection.readUntil("goodbye", { within: 20 })).rejects.toThrow(
    /"goodbye" has not come, but 8 bytes came, the last of them "welcome "/,
  );
});

test("an early end of the connection is told at once", async () => {
  const port = await listen((_text, end) => end("short"));
  const connection = await connectRaw({ port });
  connection.write("x");
  await expect(connection.readUntil("long", { within: 60_000 })).rejects.toThrow("ended before");
});

test("a proxy carries bytes, and a cut ends both sides", async () => {
  const proxy = await startTcpProxy({ target: await listen(() => undefined), port: await freePort() });
  const connection = await connectRaw({ port: proxy.port });
  await connection.readUntil("welcome", { within: 60_000 });
  expect(proxy.cut()).toBe(true);
  await connection.readToEnd({ within: 60_000 });
  expect([proxy.connections, proxy.carried, proxy.cut()]).toEqual([0, 1, false]);
});
