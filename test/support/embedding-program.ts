import { createServer } from "node:http";
import { Module } from "node:module";
import type { AddressInfo } from "node:net";

/**
 * A program with a hub: refuses to load ZeroMQ, serves one stream, closes everything, and then prints what the hub has
 * left in the process. The program has to end by itself.
 */
const loadModule = Reflect.get(Module, "_load") as (...of: readonly unknown[]) => unknown;
Reflect.set(Module, "_load", (...of: readonly unknown[]) => {
  if (of[0] === "zeromq") throw new Error("this program must not load ZeroMQ");
  return loadModule(...of);
});

const { createHub } = await import("../../src/index.js");

const signals = (): number =>
  ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2", "exit", "uncaughtException", "unhandledRejection"].reduce(
    (sum, name) => sum + process.listenerCount(name),
    0,
  );

const before = { signals: signals(), servers: servers() };
const hub = await createHub();
const opened = { signals: signals() - before.signals, servers: servers() - before.servers };
const server = createServer(hub.handler);
hub.attach(server);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/esupdates?topic=a`);
await hub.publish({ topic: "a", data: "one event" });
const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
while (!text.includes("one event")) text += (await reader?.read())?.value ?? "";
await hub.close();
while ((await reader?.read())?.done === false);
server.close();
process.stdout.write(JSON.stringify({ opened, got: text.includes("one event") }));

function servers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap" || name === "PipeWrap")
    .length;
}
