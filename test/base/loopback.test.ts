import { expect, it } from "vitest";
import { isLoopback } from "../../src/base/loopback.js";

it.each(["localhost", "::1", "[::1]", "127.0.0.1", "127.12.3.255"])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

it.each(["", "*", "0.0.0.0", "128.0.0.1", "127.0.0", "127.0.0.1.example", "localhost.example", "::", "[::]"])(
  "%j may be another machine",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
