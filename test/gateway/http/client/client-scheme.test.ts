import { expect, test } from "vitest";

import { findClient, Networks } from "../../../../src/gateway/http/client-address.js";
import { clientScheme } from "../../../../src/gateway/http/client/client-scheme.js";

const trusted = new Networks(["10.0.0.0/8"]);

interface Source {
  readonly peer?: string;
  readonly isTls?: boolean;
  readonly for?: string;
  readonly proto?: string;
  readonly forwarded?: string;
}

function schemeOf({ peer, isTls, for: forwardedFor, proto, forwarded }: Source): string {
  const headers = new Map([
    ["x-forwarded-for", forwardedFor],
    ["x-forwarded-proto", proto],
    ["forwarded", forwarded],
  ]);
  const request = {
    header: (name: string) => headers.get(name),
    ...(isTls === undefined ? {} : { isTls }),
  };
  return clientScheme(request, findClient({ peer, forwardedFor }, trusted).passed);
}

test.each<[string, Source, string]>([
  ["a connection without TLS", { peer: "192.0.2.1" }, "http"],
  ["a connection with TLS", { peer: "192.0.2.1", isTls: true }, "https"],
  ["an unknown peer", {}, "http"],
  ["a client that claims https", { peer: "192.0.2.1", proto: "https" }, "http"],
  ["a client with TLS that claims http", { peer: "192.0.2.1", isTls: true, proto: "http" }, "https"],
  ["a trusted proxy that says https", { peer: "10.0.0.1", for: "192.0.2.1", proto: "https" }, "https"],
  ["a trusted proxy that says HTTPS", { peer: "10.0.0.1", for: "192.0.2.1", proto: " HTTPS " }, "https"],
  ["a trusted proxy that names no client", { peer: "10.0.0.1", proto: "https" }, "https"],
  [
    "a trusted proxy that says http over TLS",
    { peer: "10.0.0.1", isTls: true, for: "192.0.2.1", proto: "http" },
    "http",
  ],
  ["a trusted proxy that says nothing", { peer: "10.0.0.1", for: "192.0.2.1" }, "http"],
  [
    "a trusted proxy that says nothing over TLS",
    { peer: "10.0.0.1", isTls: true, for: "192.0.2.1" },
    "https",
  ],
  ["a trusted proxy that says nonsense", { peer: "10.0.0.1", for: "192.0.2.1", proto: "gopher" }, "http"],
  ["a proxy that names a WebSocket", { peer: "10.0.0.1", for: "192.0.2.1", proto: "wss" }, "https"],
  [
    "two proxies, of which the first tells",
    { peer: "10.0.0.1", for: "192.0.2.1, 10.0.0.2", proto: "https" },
    "https",
  ],
  [
    "two proxies that both tell",
    { peer: "10.0.0.1", for: "192.0.2.1, 10.0.0.2", proto: "https, http" },
    "https",
  ],
  [
    "a client that forges a value before that of the proxy",
    { peer: "10.0.0.1", for: "192.0.2.1", proto: "https, http" },
    "http",
  ],
  [
    "a header Forwarded of a client",
    { peer: "10.0.0.1", for: "192.0.2.1", forwarded: "proto=https" },
    "http",
  ],
])("%s: %j uses %s", (_, source, scheme) => {
  expect(schemeOf(source)).toBe(scheme);
});
