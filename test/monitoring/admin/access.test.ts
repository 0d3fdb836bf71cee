import { describe, expect, it } from "vitest";
import { AdminAccess } from "../../../src/monitoring/admin/access.js";

const token = "0123456789abcdef";

function verdict(
  access: AdminAccess,
  request: { readonly peer?: string; readonly headers?: Readonly<Record<string, string>> },
): string | undefined {
  const headers = new Map(Object.entries(request.headers ?? {}));
  return access.refusalOf({ peer: request.peer, header: (name) => headers.get(name) })?.code;
}

describe("without a token", () => {
  const access = new AdminAccess({});

  it.each([
    { peer: "127.0.0.1", host: "127.0.0.1:8081" },
    { peer: "127.9.9.9", host: "localhost" },
    { peer: "::ffff:127.0.0.1", host: "LOCALHOST:1" },
    { peer: "::1", host: "[::1]:8081" },
  ])("$peer may ask for $host", ({ peer, host }) => {
    expect(verdict(access, { peer, headers: { host } })).toBeUndefined();
  });

  it.each([
    { peer: "192.0.2.1", headers: { host: "localhost" } },
    { headers: { host: "localhost" } },
    { peer: "127.0.0.1", headers: {} },
    { peer: "127.0.0.1", headers: { host: "attacker.example" } },
    { peer: "127.0.0.1", headers: { host: "127.0.0.1.attacker.example:8081" } },
    { peer: "127.0.0.1", headers: { host: "localhost.attacker.example" } },
    { peer: "127.0.0.1", headers: { host: "localhost", forwarded: "for=192.0.2.1" } },
    { peer: "127.0.0.1", headers: { host: "localhost", "x-forwarded-for": "127.0.0.1" } },
    { peer: "127.0.0.1", headers: { host: "localhost", via: "1.1 proxy" } },
    { peer: "127.0.0.1", headers: { host: "attacker.example", authorization: `Bearer ${token}` } },
  ])("%j is refused", (request) => {
    expect(verdict(access, request)).toBe("forbidden");
  });
});

describe("with a token", () => {
  const access = new AdminAccess({ adminToken: token });

  it.each([`Bearer ${token}`, `bearer  ${token} `])(
    "whoever sends %j may ask, from anywhere",
    (authorization) => {
      expect(verdict(access, { peer: "192.0.2.1", headers: { authorization } })).toBeUndefined();
    },
  );

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
    `Bearer ${token} ${token}`,
  ])("%j is refused, also on this machine", (authorization) => {
    const headers = { host: "localhost", ...(authorization === undefined ? {} : { authorization }) };
    expect(verdict(access, { peer: "127.0.0.1", headers })).toBe("unauthorized");
  });
});
