import { connect, createServer } from "node:net";
import type { Server } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { bindTcp } from "../../../../src/fronts/listen/bind/bind-tcp.js";
import type { Binding } from "../../../../src/fronts/listen/bind/binding.js";
import { waitForEvent } from "../../../support/wait-for.js";

const hasIPv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);

async function bind(host: string, port = 0): Promise<readonly Binding[]> {
  const servers: Server[] = [];
  onTestFinished(() => servers.forEach((server) => void server.close()));
  return bindTcp(
    () => {
      const server = createServer((socket) => socket.end());
      servers.push(server);
      return server;
    },
    { kind: "tcp", host, port, secure: false },
  );
}

function portOf([binding]: readonly Binding[]): number {
  const address = binding?.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function reaches(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await waitForEvent(socket, "connect", { within: 30_000, missing: `nobody listens on ${host}:${port}` });
  return true;
}

test("an address is one server, and its URL has the real port", async () => {
  const bindings = await bind("127.0.0.1");
  expect(bindings.map(({ bound }) => bound)).toEqual([{ url: `http://127.0.0.1:${portOf(bindings)}` }]);
});

test("* is one server for IPv4 and IPv6", async () => {
  const bindings = await bind("*");
  const port = portOf(bindings);
  expect(bindings.map(({ bound }) => bound)).toMatchObject([
    {
      url: `http://127.0.0.1:${port}`,
      allInterfaces: { address: hasIPv6 ? `[::]:${port}` : `0.0.0.0:${port}` },
    },
  ]);
  expect(await reaches("127.0.0.1", port)).toBe(true);
  expect(await reaches(hasIPv6 ? "::1" : "127.0.0.1", port)).toBe(true);
});

test.runIf(hasIPv6)(":: takes connections of IPv4, too", async () => {
  expect(await reaches("127.0.0.1", portOf(await bind("::")))).toBe(true);
});

test("a name is a server for each of its addresses, all with one port", async () => {
  const bindings = await bind("localhost");
  const port = portOf(bindings);
  for (const { bound } of bindings) expect(bound.url.endsWith(`:${port}`)).toBe(true);
  expect(await reaches("127.0.0.1", port)).toBe(true);
});

test.each([
  ["an address of another machine", "192.0.2.7", /EADDRNOTAVAIL/],
  ["an unknown name", "unknown.invalid", /ENOTFOUND|EAI_AGAIN/],
])("%s cannot be bound, and the reason is that of the system", async (_name, host, reason) => {
  await expect(bind(host)).rejects.toThrow(reason);
});

test("a port that is in use cannot be bound", async () => {
  const port = portOf(await bind("127.0.0.1"));
  await expect(bind("127.0.0.1", port)).rejects.toThrow(/EADDRINUSE/);
});
