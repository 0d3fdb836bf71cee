import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { boundTcpAddress } from "../../../../src/fronts/listen/bind/bound-address.js";

test.each([
  ["127.0.0.1", false, "http://127.0.0.1:80"],
  ["2001:db8::7", true, "https://[2001:db8::7]:80"],
])("the URL of %s with TLS %s is %s", (address, secure, url) => {
  expect(boundTcpAddress({ address, port: 80, family: "" }, secure)).toEqual({ url });
});

test.each([
  ["0.0.0.0", "0.0.0.0:80", /^http:\/\/[\d.]+:80$/],
  ["::", "[::]:80", /^http:\/\/(?:[\d.]+|\[[\da-f:]+\]):80$/],
])("%s is on all interfaces, and its URL is for this machine", (address, text, form) => {
  const { url, allInterfaces } = boundTcpAddress({ address, port: 80, family: "" }, false);
  expect([url, allInterfaces?.address]).toEqual(["http://127.0.0.1:80", text]);
  for (const outside of allInterfaces?.urls ?? []) {
    expect(outside).toMatch(form);
    expect(outside).not.toMatch(/127\.0\.0\.1|\[::1\]|\[fe80/);
  }
});

test("the addresses of this machine's interfaces are listed", () => {
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  const { allInterfaces } = boundTcpAddress({ address: "0.0.0.0", port: 80, family: "IPv4" }, false);
  expect(allInterfaces?.urls).toEqual(
    own.filter(({ address }) => !address.startsWith("fe80")).map(({ address }) => `http://${address}:80`),
  );
});
