import { describe, expect, it } from "vitest";
import { parseEndpoint } from "../../src/zeromq/endpoint.js";

describe("parseEndpoint", () => {
  it.each([
    ["@tcp://127.0.0.1:9997", "bind", "tcp://127.0.0.1:9997", true],
    [">tcp://127.0.0.1:9997", "connect", "tcp://127.0.0.1:9997", true],
    ["tcp://10.0.0.1:1", "connect", "tcp://10.0.0.1:1", false],
    [">tcp://hub.example:65535", "connect", "tcp://hub.example:65535", false],
    ["@tcp://*:9997", "bind", "tcp://*:9997", false],
    ["@tcp://0.0.0.0:9997", "bind", "tcp://0.0.0.0:9997", false],
    ["@tcp://eth0:9997", "bind", "tcp://eth0:9997", false],
    ["@tcp://127.0.0.1:*", "bind", "tcp://127.0.0.1:*", true],
    ["@tcp://127.0.0.1:0", "bind", "tcp://127.0.0.1:*", true],
    ["@tcp://localhost:9997", "bind", "tcp://127.0.0.1:9997", true],
    [">tcp://localhost:9997", "connect", "tcp://localhost:9997", true],
    ["@tcp://[::1]:9997", "bind", "tcp://[::1]:9997", true],
    ["@tcp://[::]:9997", "bind", "tcp://[::]:9997", false],
  ] as const)("reads %s", (text, ...[mode, address, isLoopback]) => {
    expect(parseEndpoint(text, "connect")).toEqual({ mode, address, transport: "tcp", isLoopback });
  });

  it.each([
    [">ipc://eventsource_queue", "connect", "ipc://eventsource_queue"],
    ["ipc:///run/pharos/in", "bind", "ipc:///run/pharos/in"],
    ["@ipc://@abstract", "bind", "ipc://@abstract"],
  ] as const)("reads %s", (text, mode, address) => {
    expect(parseEndpoint(text, "bind")).toEqual({ mode, address, transport: "ipc", isLoopback: true });
  });

  it.each([
    "",
    "9997",
    "tcp://",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:",
    "tcp://:9997",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:99999999",
    "tcp://127.0.0.1:-1",
    "tcp://127.0.0.1:9997/",
    "tcp://127.0.0.1:9997 ",
    " tcp://127.0.0.1:9997",
    "tcp://127.0.0.1;127.0.0.2:9997",
    "tcp://::1:9997",
    "TCP://127.0.0.1:9997",
    "@@tcp://127.0.0.1:9997",
    "@>tcp://127.0.0.1:9997",
    "+tcp://127.0.0.1:9997",
    "inproc://queue",
    "udp://127.0.0.1:9997",
    "http://127.0.0.1:9997",
    "ipc://",
    "ipc://*",
    "ipc://a b",
    "ipc://a\nb",
    "ipc://a,b",
    `ipc://${"x".repeat(108)}`,
    ">tcp://*:9997",
    ">tcp://127.0.0.1:*",
    ">tcp://127.0.0.1:0",
  ])("refuses %j", (text) => {
    expect(() => parseEndpoint(text, "bind")).toThrowError(expect.objectContaining({ code: "bad-endpoint" }));
  });

  it("says what is allowed", () => {
    expect(() => parseEndpoint("inproc://x", "bind")).toThrowError(
      /tcp:\/\/HOST:PORT and ipc:\/\/PATH.*@.*>/,
    );
    expect(() => parseEndpoint(">tcp://127.0.0.1:0", "bind")).toThrowError(/port from 1 to 65535/);
  });
});
